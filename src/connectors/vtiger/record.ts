import type { DeliveryOutcome } from "../../core/delivery-outcome.ts";
import { type Sentence, toReason, type Wording } from "../../core/sentence.ts";
import type { CallSubject, Run } from "../connector.ts";
import { createAfterWrite } from "./after-write.ts";
import { VtigerFailure } from "./answer.ts";
import type { VtigerClient } from "./client.ts";
import { createDraft, type Draft, type DraftSources } from "./draft.ts";
import { toKey } from "./mapping.ts";
import { toOutcome } from "./outcome.ts";
import { toRecordUrl, toText, type VtigerRecord } from "./schema.ts";
import { toLiteral, toName } from "./vtql.ts";
import { say } from "./words.ts";
import { createWriter, type Written } from "./write.ts";

const REVIEW_MAX = 500;

export interface RecorderOptions extends DraftSources {
  client: VtigerClient;
}

/**
 * Makes sure that Vtiger has exactly one, current record of a call. Nothing is unique over there by itself, so everything
 * about one call runs under `exclusive("call:…")`:
 *
 *   known record ── revise ──▶ delivered
 *        │ gone                    ▲
 *        ▼                         │
 *   query by call id ── found ─── revise (the oldest; more than one is marked for review)
 *        │ none                    ▲
 *        ▼                         │ "duplicate"
 *      create ─────────────────────┴──▶ delivered
 *
 * A create whose answer is lost is `retry, uncertain`; the next attempt begins with the query and finds what it left.
 */
export function createRecorder(options: RecorderOptions): (subject: CallSubject, run: Run) => Promise<DeliveryOutcome> {
  const { context, client, modules, contacts } = options;
  const findExisting = (draft: Draft, run: Run): Promise<VtigerRecord[]> => queryByKey(client, draft, run);
  const afterWrite = createAfterWrite({ client, contacts, findExisting });
  const writer = createWriter(client);

  async function reviseFound(draft: Draft, run: Run): Promise<Written | null> {
    const [oldest, ...others] = await findExisting(draft, run);
    if (oldest === undefined) return null;
    const { row, reviews } = await writer.revise(oldest.id, draft, run);
    if (others.length === 0) return { row, reviews };
    const ids = others.slice(0, 5).map(({ id }) => id);
    return {
      row,
      reviews: [say("severalRecords", { count: others.length + 1, ids }), ...reviews],
    };
  }

  async function create(draft: Draft, run: Run): Promise<Written> {
    try {
      const { row, reviews } = await writer.create(draft, run);
      return { row, reviews: [...reviews, ...(await afterWrite.findHidden(draft, row, run))] };
    } catch (error) {
      if (!(error instanceof VtigerFailure) || error.kind !== "duplicate") throw error;
      const revised = await reviseFound(draft, run);
      if (revised !== null) return revised;
      throw new VtigerFailure("duplicate", say("unseenDouble", { why: error.sentence }), { operation: "create" });
    }
  }

  /** The record that an earlier delivery left, or `null` when it is deleted. Hidden is not deleted: a second one would be wrong. */
  async function reviseKnown(id: string, draft: Draft, run: Run): Promise<Written | null> {
    try {
      return await writer.revise(id, draft, run);
    } catch (error) {
      if (!(error instanceof VtigerFailure) || (error.kind !== "denied" && error.kind !== "reference")) throw error;
      if (!/read given object/i.test(error.message)) return null;
      throw new VtigerFailure("data", say("hidden", { id }));
    }
  }

  async function upsert(subject: CallSubject, run: Run): Promise<DeliveryOutcome> {
    const draft = await createDraft(options, subject, run);
    const known = toKnownId(subject, draft);
    const written = (known === null ? null : await reviseKnown(known, draft, run)) ?? (await reviseFound(draft, run));
    if (written !== null) return finish(draft, written, run);
    const made = await create(draft, run);
    const gone = known === null ? [] : [say("madeAgain", { id: known })];
    return finish(draft, { row: made.row, reviews: [...gone, ...made.reviews] }, run);
  }

  async function finish(draft: Draft, { row, reviews }: Written, run: Run): Promise<DeliveryOutcome> {
    const { module } = draft.layout;
    const linked = await afterWrite.mendLink(draft, row, run);
    const review = toReview([...linked.reviews, ...reviews]);
    const refs = {
      module,
      owner: toText(row, "assigned_user_id"),
      ...(linked.contact && { contact: linked.contact.id }),
      ...(linked.contact?.name && { contact_name: linked.contact.name }),
    };
    const remote = { id: row.id, url: toRecordUrl(context.settings, module, row.id), refs };
    return { kind: "delivered", remote, ...review };
  }

  return async (subject, run) => {
    try {
      const key = `call:${toKey(subject.callUuid)}`;
      return await context.exclusive(key, run.signal, (signal) => upsert(subject, { ...run, signal }));
    } catch (error) {
      if (error instanceof VtigerFailure && error.kind === "denied") modules.forget();
      return toOutcome(error, run.signal);
    }
  };
}

/** All that a person should look at, as one text. */
function toReview(reviews: readonly Sentence[]): { review?: string; words?: Wording } {
  const [first, ...others] = reviews;
  if (first === undefined) return {};
  const { reason, words } = toReason(others.length === 0 ? first : say("reviews", { sentences: reviews }));
  return { review: reason.slice(0, REVIEW_MAX), words };
}

/** A record of another module is none of ours any more: the settings have changed since. */
function toKnownId({ remote }: CallSubject, { layout }: Draft): string | null {
  return remote === null || (remote.refs?.module ?? layout.module) !== layout.module ? null : remote.id;
}

/** Oldest first. */
async function queryByKey(client: VtigerClient, { layout, key }: Draft, run: Run): Promise<VtigerRecord[]> {
  const field = toName(layout.keyField);
  const where = `${field}=${toLiteral(key)}`;
  const rows = await client.query(`select id,${field} from ${toName(layout.module)} where ${where} limit 100;`, run);
  // comparisons over there ignore case and accents; ids do not
  return rows.filter((row) => toText(row, field) === key).sort((a, b) => toSerial(a.id) - toSerial(b.id));
}

/** Records are numbered as they are made. */
const toSerial = (id: string): number => Number(id.split("x")[1]);
