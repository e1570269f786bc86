// The simulated PBX against the real one: what Asterisk 16.28 said in test/peers/asterisk, recorded whole on 2026-11-22.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createManualClock, type ManualClock } from "../../../test/manual-clock.ts";
import { systemClock } from "../../kit/clock.ts";
import { AmiSession } from "../ami/session.ts";
import type { FakeBehaviour } from "./fake-call.ts";
import type { FakeOrder } from "./fake-calls.ts";
import { toLinesByChannel } from "./fake-event-line.ts";
import { createFakeExchange, type FakeExchange, startFakePbx } from "./fake-pbx.ts";
import type { FakeFields } from "./fake-wire.ts";

const read = (name: string) => JSON.parse(readFileSync(join(import.meta.dirname, "fixtures", name), "utf8"));
const HEADERS: Record<string, string[]> = read("asterisk-16-headers.json");
const STORIES: Record<string, Record<string, string[]>> = read("asterisk-16-stories.json");

const EXTENSIONS = ["101", "102", "103"];
const people = { extensions: EXTENSIONS, queueMembers: ["101", "102"], outside: ["600000001"], office: "0009001" };
const answers: FakeBehaviour = { does: "answer", ringMs: 300, talkMs: 2000, hangsUp: "called" };
const rings: FakeBehaviour = { does: "ring", ringMs: 300, talkMs: 0, hangsUp: "caller" };
const busy: FakeBehaviour = { ...answers, does: "busy" };
const next = { ...answers, extension: "102", afterMs: 200, consultMs: 300, hangsUp: "caller" } as const;

/** Runs what happens in a PBX, and returns what it said. */
async function record(
  act: (exchange: FakeExchange, clock: ManualClock) => unknown,
  decide: (who: string) => FakeBehaviour = () => answers,
) {
  const clock = createManualClock();
  const events: FakeFields[] = [];
  const exchange = createFakeExchange({
    ...{ clock, seed: 1, people, decide, outsidePrefix: "9" },
    emit: (fields) => events.push(fields),
  });
  await act(exchange, clock);
  await clock.advance(20_000);
  assert.equal(exchange.sw.channels.size, 0, "every channel hangs up");
  assert.equal(exchange.calls.live.size, 0, "every call ends");
  return events;
}

/** The same over the wire: acts as a session that is logged in, and returns what it heard. */
async function overAmi(
  decide: (who: string) => FakeBehaviour,
  act: (session: AmiSession, exchange: FakeExchange) => unknown,
) {
  const clock = createManualClock();
  const account = { username: "enlace", secret: "test-secret" };
  const pbx = await startFakePbx({ clock, seed: 1, people, decide, outsidePrefix: "9", ...account });
  const heard: FakeFields[] = [];
  const session = await AmiSession.open(
    {
      address: { host: "127.0.0.1", port: pbx.port, ...account },
      clock: systemClock,
      eventClasses: "call,agent,user,cdr",
      onEvent: ({ fields }) => heard.push(fields),
      onOversized: () => assert.fail("a message was too large"),
    },
    new AbortController().signal,
  );
  try {
    await act(session, pbx.exchange);
    await clock.advance(20_000);
    await session.send({ name: "Ping" }); // what was said before it has arrived
    assert.equal(pbx.exchange.sw.channels.size, 0);
    return heard;
  } finally {
    session.close(new Error("over"));
    await pbx.stop();
  }
}

const inbound = { from: "600000001", to: "0009001" };
const one = { ...inbound, kind: "group", members: ["101"], by: "101" } as const;
const group = { ...inbound, to: "0009002", kind: "group", members: EXTENSIONS, by: "103" } as const;
const queue = { ...inbound, to: "0009004", kind: "queue", members: ["101", "102"], by: "102" } as const;
const ORDERS: Record<string, FakeOrder> = {
  answered: { ...one, behaviour: answers },
  busy: { ...one, behaviour: busy },
  "missed-one": { ...one, behaviour: rings },
  missed: { ...group, behaviour: rings },
  group: { ...group, behaviour: answers },
  queue: { ...queue, behaviour: answers },
  "queue-abandon": { ...queue, behaviour: rings },
  blind: { ...inbound, kind: "blind", by: "101", behaviour: answers, next: { ...next, hangsUp: "called" } },
  attended: { ...inbound, kind: "attended", by: "101", behaviour: answers, next: { ...next, talkMs: 20 } },
  internal: { kind: "internal", from: "101", to: "102", behaviour: answers },
  outbound: { kind: "outgoing", from: "101", to: "9600000011", behaviour: answers },
  "outbound-busy": { kind: "outgoing", from: "101", to: "9600000013", behaviour: busy },
};

for (const [name, order] of Object.entries(ORDERS)) {
  test(`a call of the story "${name}" says of each channel what Asterisk said, in its order`, async () => {
    const events = await record(({ calls }) => void calls.begin(order));
    assert.deepEqual(toLinesByChannel(events), STORIES[name]);
  });
}

const CLICKS: Record<string, FakeBehaviour> = {
  click: answers,
  "click-busy": busy,
  "click-no-answer": { ...rings, ringMs: 5000 },
};

for (const [name, agent] of Object.entries(CLICKS)) {
  test(`an Originate of the story "${name}" is told as Asterisk told it`, async () => {
    const decide = (who: string): FakeBehaviour => (who === "101" ? agent : { ...answers, hangsUp: "caller" });
    const heard = await overAmi(decide, async (session) => {
      const place = { Context: "from-internal", Exten: "9600000011", Priority: 1 };
      const how = { Timeout: 1000, CallerID: "600000011", Async: "true", ChannelId: "c1" };
      const { fields } = await session.send({ name: "Originate", fields: { Channel: "PJSIP/101", ...place, ...how } });
      assert.equal(fields.at(-1), "Originate successfully queued");
    });
    assert.deepEqual(toLinesByChannel(heard), STORIES[name]);
  });
}

/** Begins a call to 101 and acts on it once it has gone on for `afterMs`. */
const onCall = (behaviour: FakeBehaviour, afterMs: number, act: (exchange: FakeExchange, channel: string) => void) =>
  record(async (exchange, clock) => {
    const { origin } = exchange.calls.begin({ ...one, behaviour });
    await clock.advance(afterMs);
    act(exchange, origin.uniqueId);
  });

test("a ringing call that is redirected is told as Asterisk told it", async () => {
  const events = await onCall({ ...rings, ringMs: 5000 }, 300, ({ calls, sw }, id) => {
    const channel = sw.find(id);
    assert.ok(channel && calls.redirect(channel, { context: "from-internal", extension: "103" }));
  });
  assert.deepEqual(toLinesByChannel(events), STORIES.redirect);
});

test("a call that is hung up by an action is told as Asterisk told it", async () => {
  const events = await onCall({ ...answers, talkMs: 60_000 }, 1000, ({ calls, sw }, id) => {
    const channel = sw.find(id);
    assert.ok(channel);
    calls.hangUp(channel);
  });
  assert.deepEqual(toLinesByChannel(events), STORIES.hangup);
});

test("every event has exactly the headers that Asterisk gives it, in its order", async () => {
  const seen = new Map<string, Set<string>>();
  const all = await Promise.all(Object.values(ORDERS).map((order) => record(({ calls }) => calls.begin(order))));
  const clicked = await record(({ calls }) => {
    const click = { id: "c1", extension: "101", to: "9600000011", shown: "600000011", ringMsMax: 1000 };
    calls.click({ ...click, onEnd: () => undefined });
  });
  for (const fields of [...all.flat(), ...clicked]) {
    const names = fields.filter((_, index) => index % 2 === 0);
    assert.deepEqual(names.slice(0, 3), ["Event", "Privilege", "Timestamp"]);
    const event = fields[1] ?? "";
    seen.set(event, (seen.get(event) ?? new Set()).add(names.slice(3).join(" ")));
  }
  for (const [event, forms] of seen) {
    for (const form of forms) assert.ok(HEADERS[event]?.includes(form), `${event}: ${form}`);
  }
  const never = Object.keys(HEADERS).filter((event) => !seen.has(event));
  assert.deepEqual(never, ["OriginateResponse"], "what Asterisk was heard to say and the simulated one does not");
});
