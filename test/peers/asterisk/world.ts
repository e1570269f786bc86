// One PBX as Enlace sees it, and the rest of the world at the other end of its SIP trunk, steered from the test.
import { after } from "node:test";
import { type Call, reduceCall } from "../../../src/core/call.ts";
import { toTenantId } from "../../../src/core/ids.ts";
import { systemClock } from "../../../src/kit/clock.ts";
import { systemRandom } from "../../../src/kit/random.ts";
import { AmiConnection } from "../../../src/telephony/ami/connection.ts";
import type { AmiMessage } from "../../../src/telephony/ami/message.ts";
import { createPbx, type Pbx, type PbxOptions } from "../../../src/telephony/pbx.ts";
import { silentLog } from "../../database.ts";
import { AMI_SECRET, type Asterisk } from "./asterisk.ts";

export type Told = Parameters<PbxOptions["accept"]>[0];

export interface World {
  pbx: Pbx;
  /** Everything the front door was told since the last `forget`. */
  told: Told[];
  /** As the test itself: may run commands; hears the PBX's events. */
  tester: AmiConnection;
  heard: AmiMessage[];
  /** What phone 101…103 does from now on. */
  phone(extension: string, behaviour: "answer" | "ring" | "busy" | "refuse" | "hold"): Promise<void>;
  talkSeconds(seconds: number): Promise<void>;
  /** Somebody outside calls a number of the PBX. Returns how to hang up. */
  callIn(number: string): Promise<() => Promise<void>>;
  /** A phone of the PBX dials. */
  dial(extension: string, number: string): Promise<() => Promise<void>>;
  /** Resolves with the calls once the PBX is quiet and every call has ended. */
  settle(): Promise<Map<string, Call>>;
  /** Forgets what was told, and makes all phones answer. */
  reset(): Promise<void>;
}

const TIMEOUT_MS = 15_000;

export async function until<T>(
  read: () => T | Promise<T>,
  what: string,
  timeoutMs = TIMEOUT_MS,
): Promise<NonNullable<T>> {
  const endMs = Date.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (value !== undefined && value !== null && value !== false) return value;
    if (Date.now() > endMs) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await systemClock.sleep(20);
  }
}

export function connect(
  asterisk: Asterisk,
  username: string,
  onItems: (message: AmiMessage) => void = () => undefined,
) {
  const connection = new AmiConnection({
    address: { host: "127.0.0.1", port: asterisk.amiPort, username, secret: AMI_SECRET },
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    onItems: (items) => {
      for (const item of items) if (item.kind === "event") onItems(item.message);
    },
  });
  after(() => connection.stop());
  connection.start();
  return connection;
}

export const isReady = (connection: AmiConnection): Promise<true> =>
  until(() => connection.status().state === "ready" || undefined, "AMI is ready", 40_000) as Promise<true>;

export async function openWorld({ pbx: asterisk, far }: { pbx: Asterisk; far: Asterisk }): Promise<World> {
  const told: Told[] = [];
  const heard: AmiMessage[] = [];
  const outside = connect(far, "tester");
  const tester = connect(asterisk, "tester", (message) => heard.push(message));
  const pbx = createPbx({
    settings: {
      id: "1",
      name: "main",
      tenantId: toTenantId(1),
      country: "ES",
      address: { host: "127.0.0.1", port: asterisk.amiPort, username: "enlace", secret: AMI_SECRET },
      callIdPrefix: "",
      extensions: new Map(["101", "102", "103"].map((extension) => [extension, extension])),
      trunks: new Set(["trunk", "carrier", "spare"]),
      dial: { extension: "PJSIP/$" + "{extension}", context: "from-internal", number: "9$" + "{number}" },
    },
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    accept: async (item) => void told.push(item),
    exclusive: (_key, signal, work) => work(signal),
    listOpenCalls: async () => [],
  });
  after(() => pbx.stop());
  pbx.start();
  await Promise.all([isReady(outside), isReady(tester)]);
  await until(() => pbx.status().ami?.state === "ready" || undefined, "the PBX is ready", 40_000);
  let calls = 0;

  const setGlobal = async (Variable: string, Value: string | number): Promise<void> => {
    await outside.send({ name: "Setvar", fields: { Variable, Value } });
  };

  async function call(number: string, callerId: string): Promise<() => Promise<void>> {
    const id = `caller-${++calls}`;
    const fields = { Channel: `PJSIP/${number}@pbx`, Context: "calling", Exten: "s", Priority: 1, Async: true };
    await outside.send({
      name: "Originate",
      fields: { ...fields, CallerID: callerId, Timeout: 30_000, ChannelId: id },
    });
    return async () => {
      const { items } = await outside.list({ name: "CoreShowChannels" });
      const channel = items.find((item) => item.get("Uniqueid") === id)?.get("Channel");
      if (channel !== undefined) await outside.send({ name: "Hangup", fields: { Channel: channel } });
    };
  }

  const world: World = {
    ...{ pbx, told, tester, heard },
    phone: (extension, behaviour) => setGlobal(`PHONE_${extension}`, behaviour),
    talkSeconds: (seconds) => setGlobal("TALK_SECONDS", seconds),
    callIn: (number) => call(number, "600000001"),
    dial: (extension, number) => call(number, `${extension} <${extension}>`),
    settle: async () => {
      await until(() => told.length > 0 || undefined, "a call is told of");
      await until(
        async () => (await tester.list({ name: "CoreShowChannels" })).items.length === 0 || undefined,
        "quiet",
        30_000,
      );
      await until(() => pbx.status().calls === 0 || undefined, "all calls are over");
      const byCall = Map.groupBy(told, ({ callUuid }) => callUuid);
      return new Map([...byCall].map(([id, facts]) => [id, reduceCall(facts.map(({ fact }) => fact))]));
    },
    reset: async () => {
      await until(
        async () => (await outside.list({ name: "CoreShowChannels" })).items.length === 0 || undefined,
        "far quiet",
        30_000,
      );
      for (const extension of ["101", "102", "103"]) await world.phone(extension, "answer");
      await world.talkSeconds(2);
      told.length = 0;
      heard.length = 0;
    },
  };
  return world;
}
