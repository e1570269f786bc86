import type { Sentence } from "../../core/sentence.ts";
import type { Run } from "../connector.ts";
import { VtigerFailure } from "./answer.ts";
import type { Element, VtigerClient } from "./client.ts";
import type { Layout } from "./fields.ts";
import type { VtigerRecord } from "./schema.ts";
import { say } from "./words.ts";

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
  reviews: readonly Sentence[];
}

/** One way of writing, and what remains of an element whose owner was refused: the same one when nothing can be done. */
interface Way {
  send(element: Element): Promise<VtigerRecord>;
  withoutOwner(element: Element): Promise<Element>;
}

export function createWriter(client: VtigerClient): Writer {
  return {
    create: ({ creation, layout }, run) =>
      write(creation, layout, {
        send: (element) => client.create(layout.module, element, run),
        withoutOwner: async (element) => {
          const { userId } = await client.identity(run); // an owner is mandatory: we ourselves
          const plain = omit(element, ["user"]);
          const isOurs = plain === element && element.assigned_user_id === userId;
          return isOurs ? element : { ...plain, assigned_user_id: userId };
        },
      }),
    revise: (id, { revision, layout }, run) =>
      write(revision, layout, {
        send: (element) => client.revise(id, element, run),
        withoutOwner: async (element) => omit(element, ["user", "assigned_user_id"]),
      }),
  };
}

/** At most three tries: whole, without links, without owner. */
async function write(whole: Element, { links }: Layout, { send, withoutOwner }: Way): Promise<Written> {
  const linkFields = [...links.values(), "customertype", "user"];
  const reviews: Sentence[] = [];
  for (let element = whole; ; ) {
    try {
      return { row: await send(element), reviews };
    } catch (error) {
      if (!(error instanceof VtigerFailure) || (error.kind !== "reference" && error.kind !== "owner")) throw error;
      const unlinked = error.kind === "reference" ? omit(element, linkFields) : element;
      const reduced = unlinked === element ? await withoutOwner(element) : unlinked;
      if (reduced === element) throw error;
      reviews.push(say(unlinked === element ? "withoutOwner" : "withoutLinks", { why: error.sentence }));
      element = reduced;
    }
  }
}

/** The same object when there is nothing to leave out. */
function omit(element: Element, names: readonly string[]): Element {
  const kept = Object.entries(element).filter(([name]) => !names.includes(name));
  return kept.length === Object.keys(element).length ? element : Object.fromEntries(kept);
}
