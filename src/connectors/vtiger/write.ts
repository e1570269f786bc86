import type { Run } from "../connector.ts";
import { VtigerFailure } from "./answer.ts";
import type { Element, VtigerClient } from "./client.ts";
import type { Layout } from "./fields.ts";
import type { VtigerRecord } from "./schema.ts";

export interface Writable {
  layout: Layout;
  creation: Element;
  revision: Element;
}

/**
 * Creates and revises, and when Vtiger refuses the owner or a link does it again without: a call with the wrong owner is
 * better than none. `reviews` says what had to be left out.
 */
export interface Writer {
  create(draft: Writable, run: Run): Promise<Written>;
  revise(id: string, draft: Writable, run: Run): Promise<Written>;
}

export interface Written {
  row: VtigerRecord;
  reviews: readonly string[];
}

interface Reduced {
  element: Element;
  review: string;
}

export function createWriter(client: VtigerClient): Writer {
  async function write(
    first: Element,
    { links }: Layout,
    send: (element: Element) => Promise<VtigerRecord>,
    reduceOwner: (element: Element) => Promise<Element>,
  ): Promise<{ row: VtigerRecord; reviews: string[] }> {
    const reviews: string[] = [];
    let element = first;
    for (;;) {
      try {
        return { row: await send(element), reviews };
      } catch (error) {
        if (!(error instanceof VtigerFailure)) throw error;
        const reduced = await reduce(error, element, links);
        if (reduced === null) throw error;
        reviews.push(reduced.review);
        element = reduced.element;
      }
    }

    async function reduce(
      failure: VtigerFailure,
      refused: Element,
      linkFields: Layout["links"],
    ): Promise<Reduced | null> {
      const withoutLinks =
        failure.kind === "reference" ? omit(refused, [...linkFields.values(), "customertype", "user"]) : refused;
      if (withoutLinks !== refused) return { element: withoutLinks, review: `without its links: ${failure.message}` };
      if (failure.kind !== "owner" && failure.kind !== "reference") return null;
      const element = await reduceOwner(refused);
      return element === refused ? null : { element, review: toOwnerReview(failure) };
    }
  }

  return {
    create: ({ creation, layout }, run) =>
      write(
        creation,
        layout,
        (element) => client.create(layout.module, element, run),
        async (element) => {
          const { userId } = await client.identity(run);
          const plain = omit(element, ["user"]);
          return element.assigned_user_id === userId && plain === element
            ? element
            : { ...plain, assigned_user_id: userId };
        },
      ),
    revise: (id, { revision, layout }, run) =>
      write(
        revision,
        layout,
        (element) => client.revise(id, element, run),
        async (element) => omit(element, ["user", "assigned_user_id"]),
      ),
  };
}

const toOwnerReview = ({ message }: VtigerFailure): string =>
  `not given to its owner: ${message} (Vtiger 7.5 to 8.2 lets only administrators assign records to others)`;

/** The same object when there is nothing to leave out. */
function omit(element: Element, names: readonly string[]): Element {
  const kept = Object.entries(element).filter(([name]) => !names.includes(name));
  return kept.length === Object.keys(element).length ? element : Object.fromEntries(kept);
}
