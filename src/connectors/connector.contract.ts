// The suite every connector passes. A connector's test brings a bench: its own stand-in for the other side of the wire.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Call } from "../core/call.ts";
import type { DeliveryOutcome } from "../core/delivery-outcome.ts";
import { parsePartyNumber } from "../core/phone-number.ts";
import { createHttpRequester, type HttpClient } from "../kit/http-client.ts";
import { type Exchange, recordExchanges } from "../kit/http-exchange.ts";
import type { CallSubject, CheckReport, Connector, Run, Session } from "./connector.ts";
import { createFakeHouse, type FakeHouse } from "./fake-context.ts";

export interface ContractBench {
  settings: unknown;
  /** The same with credentials the other side refuses. */
  wrongSettings: unknown;
  /** Texts that must never be seen in logs, reasons or kept exchanges. */
  secrets(): readonly string[];
  /** How many records (or messages) of this call the other side has. */
  records(callUuid: string): number;
  /** Spoils what writes a call, once. */
  spoil: {
    tooMany(retryAfterSeconds: number): void;
    serverError(): void;
    cut(): void;
    /** Never answered, and nothing is done. Resolves when the request has arrived. */
    silent(): Promise<void>;
    /** It is done, but the answer is lost. Resolves when the request has arrived. */
    lost(): Promise<void>;
    /** Refused as invalid; returns words the other side says. */
    invalid(): string;
    /** A web page in place of the answer; absent where the answer's body means nothing. */
    html?(): void;
    /** An error told with HTTP 200, of the sort "wrong data"; absent where the status alone decides. */
    errorWith200?(): void;
  };
  stop(): Promise<void>;
}

/** An answered call of the documented example's sort. */
export function createCall(more: Partial<Call> = {}): Call {
  return {
    direction: "inbound",
    from: parsePartyNumber("+34123456789", "ES"),
    to: parsePartyNumber("+34900112233", "ES"),
    outcome: "answered",
    phase: "ended",
    startedAt: new Date("2025-08-02T14:00:00Z"),
    answeredAt: null,
    endedAt: new Date("2025-08-02T14:02:30Z"),
    ringSeconds: null,
    talkSeconds: 150,
    agentExtension: "1001",
    trunk: null,
    pbx: "centralita1",
    recordingUrl: "https://pbx.example.com/recordings/uuid-555.mp3",
    details: null,
    sources: ["webhook"],
    ...more,
  };
}

export function createSubject(more: Partial<CallSubject> = {}): CallSubject {
  return { callId: "7", callUuid: "uuid-555", revision: 1, call: createCall(), remote: null, ...more };
}

/** One attempt's surroundings: real sockets, recorded as in the attempts log. */
export function createRun(
  client: HttpClient,
  house: FakeHouse,
): Run & { exchanges: readonly Exchange[]; abort(): void } {
  const recorded = recordExchanges(client.request, house.clock);
  const controller = new AbortController();
  const abort = (): void => controller.abort(new Error("shutting down"));
  return { http: recorded.http, signal: controller.signal, exchanges: recorded.exchanges, abort };
}

export function createLocalClient(house: FakeHouse): HttpClient {
  return createHttpRequester({ clock: house.clock, allowTargets: { private: false, loopback: true } });
}

export function testConnector<S>(connector: Connector<S>, startBench: () => Promise<ContractBench>): void {
  describe(`the contract of connectors, kept by ${connector.id}`, () => {
    const seen: string[] = [];
    let bench: ContractBench;
    let house: FakeHouse;
    let client: HttpClient;
    let calls = 0;

    before(async () => {
      house = createFakeHouse();
      client = createLocalClient(house);
      bench = await startBench();
    });
    after(async () => {
      await client.close();
      await bench.stop();
    });

    const open = (settings: unknown = bench.settings, at = house): Session =>
      connector.open(at.context(connector.settings.parse(settings)));
    const nextSubject = (): CallSubject => createSubject({ callId: String(++calls), callUuid: `contract-${calls}` });
    const note = <T extends DeliveryOutcome | CheckReport>(result: T, run: { exchanges: readonly Exchange[] }): T => {
      seen.push(JSON.stringify([result, run.exchanges]), house.logged());
      return result;
    };
    async function record(
      session: Session,
      subject: CallSubject,
      run = createRun(client, house),
    ): Promise<DeliveryOutcome> {
      assert.ok(session.record, "a connector with the capability record must be able to record");
      return note(await session.record(subject, run), run);
    }
    /** Delivers with one fault, which must ask for another try, and then again without: one record must be there. */
    async function recordSpoiled(spoil: () => unknown): Promise<DeliveryOutcome> {
      const subject = nextSubject();
      const session = open();
      spoil();
      const outcome = await record(session, subject);
      assert.equal(outcome.kind, "retry", JSON.stringify(outcome));
      assert.equal((await record(session, subject)).kind, "delivered");
      assert.equal(bench.records(subject.callUuid), 1);
      return outcome;
    }

    test("a session offers exactly what the connector's capabilities promise", async () => {
      const session = open();
      for (const capability of ["record", "signal", "lookup", "responsible", "fields", "users"] as const) {
        assert.equal(session[capability] !== undefined, connector.capabilities.includes(capability), capability);
      }
      await session.close();
    });

    test("the settings mark their secrets and can be drawn as a form", async () => {
      const { z } = await import("zod");
      const schema = JSON.stringify(z.toJSONSchema(connector.settings, { io: "input" }));
      assert.match(schema, /"secret":true/);
      assert.throws(() => connector.settings.parse({}));
    });

    test("a call is delivered and names its record over there", async () => {
      const subject = nextSubject();
      const outcome = await record(open(), subject);
      assert.ok(outcome.kind === "delivered" && outcome.remote?.id, JSON.stringify(outcome));
      assert.equal(bench.records(subject.callUuid), 1);
    });

    test("wrong credentials hold the lane", async () => {
      const outcome = await record(open(bench.wrongSettings, createFakeHouse()), nextSubject());
      assert.equal(outcome.kind, "hold", JSON.stringify(outcome));
    });

    test("429 with Retry-After is tried again after it", async () => {
      const outcome = await recordSpoiled(() => bench.spoil.tooMany(7));
      assert.equal(outcome.kind === "retry" && outcome.afterMs, 7000);
    });

    test("a server error is tried again", async () => {
      await recordSpoiled(() => bench.spoil.serverError());
    });

    test("a connection cut in the middle is tried again", async () => {
      await recordSpoiled(() => bench.spoil.cut());
    });

    test("an answer that never comes ends at the time-out and is tried again", async () => {
      await recordSpoiled(() => void bench.spoil.silent().then(() => house.clock.expireTimers()));
    });

    test("a web page in place of an answer is tried again", async (context) => {
      const { html } = bench.spoil;
      if (!html) return context.skip(`the body of an answer means nothing to ${connector.id}`);
      await recordSpoiled(html);
    });

    test("invalid data is rejected in the words of the other side", async () => {
      const words = bench.spoil.invalid();
      const outcome = await record(open(), nextSubject());
      assert.ok(outcome.kind === "rejected" && outcome.reason.includes(words), JSON.stringify(outcome));
    });

    test("an error told with HTTP 200 is an error", async (context) => {
      const { errorWith200 } = bench.spoil;
      if (!errorWith200) return context.skip(`the status alone decides for ${connector.id}`);
      errorWith200();
      const subject = nextSubject();
      const outcome = await record(open(), subject);
      assert.equal(outcome.kind, "rejected", JSON.stringify(outcome));
      assert.equal(bench.records(subject.callUuid), 0);
    });

    test("the same call delivered twice is one record", async () => {
      const subject = nextSubject();
      const first = await record(open(), subject);
      const remote = first.kind === "delivered" ? first.remote : null;
      assert.equal((await record(open(), { ...subject, remote })).kind, "delivered");
      assert.equal(bench.records(subject.callUuid), 1);
    });

    test("a crash between sending and noting it down leaves one record", async () => {
      await recordSpoiled(() => void bench.spoil.lost().then(() => house.clock.expireTimers()));
    });

    test("two workers at once make one record", async () => {
      const subject = nextSubject();
      const outcomes = await Promise.all([open(), open(), open()].map((session) => record(session, subject)));
      assert.deepEqual(
        outcomes.map(({ kind }) => kind),
        ["delivered", "delivered", "delivered"],
      );
      assert.equal(bench.records(subject.callUuid), 1);
    });

    test("an abort stops within a second and is tried again later", async () => {
      const run = createRun(client, house);
      let abortedAtMs = Number.NaN;
      void bench.spoil.silent().then(() => {
        abortedAtMs = performance.now();
        run.abort();
      });
      const outcome = await record(open(), nextSubject(), run);
      assert.equal(outcome.kind, "retry", JSON.stringify(outcome));
      assert.ok(performance.now() - abortedAtMs < 1000);
    });

    test("a check finds nothing wrong, and says so when credentials are wrong", async () => {
      const good = createRun(client, house);
      assert.equal(note(await open().check(good), good).ok, true, JSON.stringify(seen.at(-2)));
      const bad = createRun(client, house);
      const report = note(await open(bench.wrongSettings, createFakeHouse()).check(bad), bad);
      assert.equal(report.ok, false);
      assert.ok(report.findings.some(({ level, mend }) => level === "error" && mend));
    });

    test("a check leaves nothing behind", async () => {
      assert.equal(bench.records("enlace-check"), 0);
    });

    const settingsOf = async (): Promise<readonly string[]> => {
      const { z } = await import("zod");
      return Object.keys(z.toJSONSchema(connector.settings, { io: "input" }).properties ?? {});
    };
    /** It must reject in words, which are looked through for secrets. */
    async function noteRefusal(work: (session: Session, run: Run) => Promise<unknown> | undefined): Promise<void> {
      const run = createRun(client, house);
      await assert.rejects(
        async () => work(open(bench.wrongSettings, createFakeHouse()), run),
        (error: unknown) => {
          seen.push(JSON.stringify([String(error), run.exchanges]));
          return error instanceof Error && error.message.length > 0;
        },
      );
    }

    test("fields name what may be written, where each value goes and what a call becomes; nothing is written", async (context) => {
      if (!connector.capabilities.includes("fields")) return context.skip(`${connector.id} has no fields`);
      const sample = nextSubject();
      const ask = (mapping?: Record<string, string>) =>
        open().fields?.({ sample, isFresh: true, ...(mapping && { mapping }) }, createRun(client, house));
      const report = (await ask()) ?? assert.fail();
      const names = report.fields.map(({ name }) => name);
      assert.ok((await settingsOf()).includes(report.setting));
      assert.equal(new Set(names).size, names.length);
      assert.ok(report.fields.every(({ label, widthMax }) => label !== "" && widthMax > 0));
      const used = report.values.flatMap(({ fields }) => fields);
      assert.ok(
        used.length > 0 && [...used, ...report.preview.map(({ field }) => field)].every((n) => names.includes(n)),
      );
      assert.ok(report.preview.some(({ text }) => text.includes(sample.callUuid)));
      const [first] = report.values;
      const odd = (await ask({ [first?.value ?? ""]: "no such field" })) ?? assert.fail();
      assert.equal(odd.values[0]?.problem, "missing");
      assert.equal(bench.records(sample.callUuid), 0);
      await noteRefusal((session, run) => session.fields?.({ sample: null, isFresh: true }, run));
    });

    test("users are listed each once, with a setting that may name them", async (context) => {
      if (!connector.capabilities.includes("users")) return context.skip(`${connector.id} has no users`);
      const report = (await open().users?.(createRun(client, house))) ?? assert.fail();
      assert.ok((await settingsOf()).includes(report.setting));
      assert.ok(report.users.length > 0);
      assert.equal(new Set(report.users.map(({ id }) => id)).size, report.users.length);
      assert.ok(report.users.every(({ name, label }) => name !== "" && label !== ""));
      await noteRefusal((session, run) => session.users?.(run));
    });

    test("no secret was seen in outcomes, findings, logs or kept exchanges", () => {
      const text = [...seen, house.logged()].join("\n");
      assert.ok(text.length > 1000, "nothing was seen at all");
      for (const secret of bench.secrets()) assert.ok(!text.includes(secret), `${secret} was seen`);
    });
  });
}
