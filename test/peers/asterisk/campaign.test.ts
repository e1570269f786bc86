// A thousand people are called by the whole Enlace, over a real Asterisk and a carrier that writes down every call it saw. Some
// answer, some are machines, busy, away, unknown, refuse, hang up, or press keys. In the end each contact is in the state that its
// carrier's behaviour makes it, and all counts are the carrier's own.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { after, test } from "node:test";
import type { Json } from "../../api-client.ts";
import { eventually } from "../../eventually.ts";
import { startTestEnlace, type TestEnlace } from "../../harness.ts";
import { type Asterisk, startAsterisks } from "./asterisk.ts";
import { type Carrier, type CarrierCall, findCarrierProblem, startCarrier } from "./carrier.ts";
import { CALLER_ID, type DialerProduct, openDialerProduct } from "./dialer-product.ts";

const problem = findCarrierProblem();
const started = problem === false ? await startAsterisks() : problem;
const skip = typeof started === "string" && started;

/** Also the overflow number: who presses 1 talks with somebody who answers. */
const OVERFLOW = "600999001";
/** Longer than any call needs: it is Enlace who hangs up, but for those who were transferred. */
const TALK_MS = 40_000;
const BUSY_AGAIN_SECONDS = 30;
/** Two minutes of dialling, and as many more as a machine that has other things to do needs. */
const ENDED_MS = 720_000;

/** How many of each, by what the number ends in, and what becomes of them. */
interface Group {
  ends: string;
  people: number;
  expected: readonly [state: string, disposition: string, attempts: number];
}
const LISTENERS: readonly Group[] = [
  { ends: "1", people: 200, expected: ["failed", "no_input", 1] },
  { ends: "2", people: 150, expected: ["failed", "machine", 1] },
  { ends: "3", people: 140, expected: ["failed", "busy", 2] },
  { ends: "4", people: 100, expected: ["failed", "no_answer", 1] },
  { ends: "5", people: 90, expected: ["failed", "invalid_number", 1] },
  { ends: "6", people: 20, expected: ["failed", "congestion", 0] },
  { ends: "7", people: 120, expected: ["completed", "answered", 1] },
  { ends: "0", people: 80, expected: ["failed", "rejected", 1] },
];
/** Without AMD: while it listens, no key is heard. */
const PRESSERS: readonly Group[] = [
  { ends: "18", people: 60, expected: ["completed", "transferred", 1] },
  { ends: "28", people: 40, expected: ["failed", "no_input", 1] },
];

const IVR = { expected_digit: "1", digit_attempts: 1, digit_wait_ms: 1_000, barge_in: true, opt_out_digit: "9" };
/**
 * A machine without a free processor hands AMD torn sound and late: it may be patient here, where everybody speaks plainly
 * (greetings.ts). How well it tells people of flesh and blood apart is docs/amd.md's matter.
 */
const AMD = {
  ...{ enabled: true, initial_silence_ms: 15_000, after_greeting_silence_ms: 3_000, total_analysis_ms: 20_000 },
  ...{ greeting_ms: 2_500, maximum_words: 20 },
};
const RETRY = {
  attempts_max: 2,
  after_seconds: BUSY_AGAIN_SECONDS,
  by_disposition: {
    ...{ busy: { after_seconds: BUSY_AGAIN_SECONDS }, no_answer: null, machine: null, congestion: null, failed: null },
    ...{ answered: null, no_input: null, rejected: null },
  },
};

interface Scene extends DialerProduct<TestEnlace> {
  carrier: Carrier;
  projects: { listening: string; pressing: string };
  /** What the projects' webhook was told. */
  told: Json[];
}

async function open(pbx: Asterisk): Promise<Scene> {
  const product = await openDialerProduct(pbx, (env) => startTestEnlace({ env }));
  const carrier = await startCarrier({ pbx, trunk: "carrier", ringMs: 300, talkMs: TALK_MS });
  const told: Json[] = [];
  const webhookUrl = await receive(told);
  return { ...product, carrier, told, projects: await makeProjects(product, webhookUrl) };
}

/** Takes whatever is posted; resolves with its address. */
async function receive(told: Json[]): Promise<string> {
  const server = createServer(async (request, response) => {
    told.push(await json(request));
    response.writeHead(204).end();
  }).listen(0, "127.0.0.1");
  after(() => server.close());
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/ends`;
}

async function makeProjects(product: DialerProduct<TestEnlace>, webhookUrl: string): Promise<Scene["projects"]> {
  const { make, base } = product;
  const trunk = await make("/api/v1/trunks", { name: "carrier", channels_max: 250, per_second: 9 });
  const ivr = { ...IVR, audio_id: await product.uploadTone("message", 1.5) };
  const all = {
    ...{ ...base, trunks: [{ trunk_id: trunk.id }], retry: RETRY },
    ...{ webhook_url: webhookUrl, webhook_secret: "a secret of the receiver" },
  };
  const listening = await make("/api/v1/projects", { ...all, name: "Listening", ivr, amd: AMD });
  const pressing = await make("/api/v1/projects", {
    ...{ ...all, name: "Pressing", amd: { enabled: false } },
    ivr: { ...ivr, digit_wait_ms: 30_000, overflow: { kind: "number", number: `+34${OVERFLOW}` } },
  });
  return { listening: listening.id, pressing: pressing.id };
}

/**
 * Nine digits each: a number of its own in the group, and what it ends in. Well mixed, the same every time: a trunk that refuses
 * five in a row would rightly be left alone for a while.
 */
function listNumbers(groups: readonly Group[]): string[] {
  const numbers = groups.flatMap(({ ends, people }) =>
    Array.from({ length: people }, (_, index) => `6${String(index).padStart(8 - ends.length, "0")}${ends}`),
  );
  const toPlace = (number: string): number => Math.imul(Number(number), 2_654_435_761) >>> 0;
  return numbers.toSorted((a, b) => toPlace(a) - toPlace(b));
}

const isCompleted = ({ api }: TestEnlace, id: string): Promise<Json> =>
  eventually(
    async () => {
      const { body } = await api.get(`/api/v1/campaigns/${id}`);
      assert.equal(body.state, "completed", JSON.stringify(body.contacts));
      return body;
    },
    { timeoutMs: ENDED_MS },
  );

async function listContacts({ api }: TestEnlace, id: string): Promise<Json[]> {
  const contacts: Json[] = [];
  for (let cursor = ""; ; ) {
    const { body } = await api.get(`/api/v1/campaigns/${id}/contacts?limit=200${cursor && `&cursor=${cursor}`}`);
    contacts.push(...body.items);
    if (!body.next_cursor) return contacts;
    cursor = encodeURIComponent(body.next_cursor);
  }
}

/** By what their numbers end in: how many came to what. */
function countOutcomes(contacts: readonly Json[], groups: readonly Group[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { number, state, disposition, attempts } of contacts) {
    const group = groups.find(({ ends }) => number.endsWith(ends));
    const key = `…${group?.ends}: ${state} ${disposition} ${attempts}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}
const toExpectedCounts = (groups: readonly Group[]): Record<string, number> =>
  Object.fromEntries(groups.map(({ ends, people, expected }) => [`…${ends}: ${expected.join(" ")}`, people]));

/** What the carrier saw of each number, without what rang the overflow. */
function groupByNumber(carrier: Carrier): Map<string, CarrierCall[]> {
  const calls = carrier.calls().map((call) => ({ ...call, number: call.number.slice(-9) }));
  return Map.groupBy(
    calls.filter(({ number }) => number !== OVERFLOW),
    ({ number }) => number,
  );
}

test("a thousand contacts end in the right state, and the counters are the carrier's own", {
  ...{ skip, timeout: 850_000 },
}, async () => {
  const { pbx } = started as { pbx: Asterisk };
  const scene = await open(pbx);
  const { enlace, carrier, projects, told } = scene;
  const listening = await scene.startCampaign(projects.listening, listNumbers(LISTENERS));
  const pressing = await scene.startCampaign(projects.pressing, listNumbers(PRESSERS));
  const ended = [await isCompleted(enlace, listening), await isCompleted(enlace, pressing)];
  const [listeners, pressers] = [await listContacts(enlace, listening), await listContacts(enlace, pressing)];
  assert.deepEqual(countOutcomes(listeners, LISTENERS), toExpectedCounts(LISTENERS));
  assert.deepEqual(countOutcomes(pressers, PRESSERS), toExpectedCounts(PRESSERS));
  for (const { contacts } of ended) assert.deepEqual([contacts.pending, contacts.dialing], [0, 0]);

  const seen = groupByNumber(carrier);
  assert.equal(seen.size, 1_000, "everybody was called");
  for (const { number, attempts, disposition } of [...listeners, ...pressers]) {
    const calls = seen.get(number.slice(-9)) ?? [];
    // a call that the trunk failed is no attempt at the person, but the carrier saw it
    assert.equal(calls.length, disposition === "congestion" ? 1 : attempts, `calls of ${number}`);
  }
  for (const [number, [first, second]] of seen) {
    const apartMs = (second?.startedAt.getTime() ?? Number.POSITIVE_INFINITY) - (first?.startedAt.getTime() ?? 0);
    assert.ok(apartMs >= (BUSY_AGAIN_SECONDS - 1) * 1_000, `${number} was called again after ${apartMs} ms`);
  }
  const answered = [...seen.values()].flat().filter(({ answeredAt }) => answeredAt).length;
  const overflow = carrier.calls().filter(({ number }) => number.endsWith(OVERFLOW));
  const transferred = pressers.filter(({ disposition }) => disposition === "transferred").length;
  assert.equal(overflow.filter(({ answeredAt }) => answeredAt).length, transferred, "the overflow answered each");
  const statistics = await Promise.all(
    [listening, pressing].map((id) => enlace.api.get(`/api/v1/campaigns/${id}/statistics`)),
  );
  const reached = new Set(["no_input", "machine", "answered", "transferred"]);
  const counted = statistics
    .flatMap(({ body }): Json[] => body.by_disposition)
    .filter(({ disposition }) => reached.has(disposition))
    .reduce((sum, { contacts }) => sum + contacts, 0);
  assert.equal(counted, answered, "who was answered, as the carrier and as the counters have it");
  assert.deepEqual(new Set(carrier.calls().map(({ caller }) => caller)), new Set([CALLER_ID.slice(1)]));

  const calls = [...seen.values()].flat();
  await eventually(async () => {
    assert.equal(told.length, calls.length, "the webhook is told of each call");
    const [row] = await enlace.rows<{ count: number }>("select count(*)::int as count from calls");
    assert.equal(row?.count, calls.length, "each is one call in the log, whoever told of it");
  });
  const ends = new Set(told.map(({ contact_id, attempt, attempt_id }) => `${contact_id} ${attempt} ${attempt_id}`));
  assert.equal(ends.size, calls.length, "once");
  const byWebhook = countBy(told.map(({ telefono, disposition }) => `${telefono} ${disposition}`));
  const byContact = countBy(
    [...listeners, ...pressers].flatMap(({ number, disposition }) =>
      (seen.get(number.slice(-9)) ?? []).map(() => `${number} ${disposition}`),
    ),
  );
  assert.deepEqual(byWebhook, byContact);
});

const countBy = (texts: readonly string[]): Map<string, number> =>
  new Map([...Map.groupBy(texts.toSorted(), (text) => text)].map(([text, { length }]) => [text, length]));
