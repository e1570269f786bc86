// A stand-in CRM with an opened connector beside it, for the tests of this folder.
import { after } from "node:test";
import type { DeliveryOutcome, RemoteRecord } from "../../core/delivery-outcome.ts";
import type { Exchange } from "../../kit/http-exchange.ts";
import { createLocalClient, createRun, createSubject } from "../connector.contract.ts";
import type {
  CallSubject,
  CheckReport,
  CrmContact,
  FieldQuestion,
  FieldReport,
  Responsible,
  Session,
  UserReport,
} from "../connector.ts";
import { createFakeHouse, type FakeHouse, type FakeHouseOptions } from "../fake-context.ts";
import { vtiger } from "./connector.ts";
import { type FakeVtiger, type FakeVtigerOptions, startFakeVtiger } from "./fake-vtiger.ts";

export interface Bench {
  crm: FakeVtiger;
  house: FakeHouse;
  /** The session that `record` uses; `open` gives further ones, as other processes would have. */
  session: Session;
  open(settings?: object): Session;
  /** One delivery of a call; another session's if given. */
  record(subject?: Partial<CallSubject>, session?: Session): Promise<DeliveryOutcome>;
  /** The same, which must be delivered. */
  deliver(subject?: Partial<CallSubject>, session?: Session): Promise<{ remote: RemoteRecord; review: string }>;
  check(settings?: object): Promise<CheckReport>;
  lookup(number: string): Promise<CrmContact | null>;
  responsible(number: string): Promise<Responsible | null>;
  fields(question?: Partial<FieldQuestion>): Promise<FieldReport>;
  users(): Promise<UserReport>;
  /** Of the last delivery or check. */
  exchanges(): readonly Exchange[];
}

export interface BenchOptions extends FakeVtigerOptions {
  settings?: object;
  house?: FakeHouseOptions;
  /** As administrators come; false leaves the API user as the recorded one is. */
  isAdmin?: boolean;
}

export async function startBench(options: BenchOptions = {}): Promise<Bench> {
  const crm = await startFakeVtiger(options);
  crm.user("apiuser").isAdmin = options.isAdmin ?? false;
  const house = createFakeHouse(options.house);
  const client = createLocalClient(house);
  after(async () => {
    await client.close();
    await crm.stop();
  });
  const given = { url: crm.url, username: "apiuser", accessKey: "apiuserkey123456", ...options.settings };
  const open = (settings: object = {}): Session =>
    vtiger.open(house.context(vtiger.settings.parse({ ...given, ...settings })));
  const session = open();
  let last: readonly Exchange[] = [];
  const record = async (subject: Partial<CallSubject> = {}, by: Session = session): Promise<DeliveryOutcome> => {
    const run = createRun(client, house);
    last = run.exchanges;
    return (await by.record?.(createSubject(subject), run)) ?? { kind: "rejected", reason: "cannot record" };
  };
  return {
    crm,
    house,
    session,
    open,
    record,
    deliver: async (subject, by) => {
      const outcome = await record(subject, by);
      if (outcome.kind !== "delivered" || outcome.remote === null) throw new Error(JSON.stringify(outcome));
      return { remote: outcome.remote, review: outcome.review ?? "" };
    },
    check: (settings) => {
      const run = createRun(client, house);
      last = run.exchanges;
      return (settings === undefined ? session : open(settings)).check(run);
    },
    lookup: async (number) => (await session.lookup?.(number, createRun(client, house))) ?? null,
    responsible: async (number) => (await session.responsible?.(number, createRun(client, house))) ?? null,
    fields: async (question) => {
      const asked = session.fields?.({ sample: null, isFresh: false, ...question }, createRun(client, house));
      return (await asked) ?? raise("tells no fields");
    },
    users: async () => (await session.users?.(createRun(client, house))) ?? raise("lists no users"),
    exchanges: () => last,
  };
}

function raise(message: string): never {
  throw new Error(message);
}
