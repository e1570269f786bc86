import assert from "node:assert/strict";
import { test } from "node:test";
import { createManualClock } from "../../test/manual-clock.ts";
import { toTenantId } from "../core/ids.ts";
import { createLog } from "../kit/log.ts";
import type { NotificationListener } from "../kit/postgres/listener.ts";
import type { Pbx, PbxSettings } from "./pbx.ts";
import { createPbxFleet } from "./pbx-fleet.ts";
import type { PbxPlanOptions } from "./tracker/channel-name.ts";

const log = createLog({ level: "silent", format: "json" });
const settings = (id: string, more: Partial<PbxSettings> = {}): PbxSettings => ({
  ...{ id, name: `pbx ${id}`, tenantId: toTenantId(Number(id)), country: "ES", callIdPrefix: "" },
  address: { host: "pbx.example.test", port: 5038, username: "enlace", secret: "s" },
  extensions: new Map([["101", "101"]]),
  trunks: new Set(["trunk"]),
  dial: { extension: "PJSIP/1", context: "c", number: "1" },
  ...more,
});

/** A fleet over a list that tests change; what it does is told in `done`. */
async function openFleet(...first: PbxSettings[]) {
  const state = { stored: first, isDown: false, done: [] as string[] };
  const listeners = new Set<NotificationListener>();
  const clock = createManualClock();
  const fleet = createPbxFleet({
    loadPbxs: async () => {
      if (state.isDown) throw new Error("the store is down");
      return state.stored.map((each) => structuredClone(each));
    },
    listener: {
      on: (_channel, listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    openPbx: ({ id }) =>
      ({
        learn: ({ extensions, trunks }: PbxPlanOptions) =>
          void state.done.push(`${id} learns ${[...extensions.keys()].join()} ${[...trunks].join()}`),
        start: () => void state.done.push(`start ${id}`),
        stop: async () => void state.done.push(`stop ${id}`),
        status: () => ({ id }),
      }) as unknown as Pbx,
    clock,
    log,
  });
  await fleet.start();
  const take = () => state.done.splice(0);
  return {
    ...{ fleet, state, listeners, clock, take },
    notify: async () => {
      for (const listener of listeners) listener("1");
      for (let passedMs = 0; passedMs < 2_000; passedMs += 100) await clock.advance(100);
    },
  };
}

test("what is stored runs; what is added, changed and removed follows a notification, and the rest is left alone", async () => {
  const { state, take, notify, fleet } = await openFleet(settings("1"), settings("2"));
  assert.deepEqual(take(), ["start 1", "start 2"]);
  await notify();
  assert.deepEqual(take(), [], "nothing is different");
  state.stored = [settings("1"), settings("2", { callIdPrefix: "two-" }), settings("3")];
  await notify();
  assert.deepEqual(take(), ["stop 2", "start 2", "start 3"]);
  state.stored = [settings("3")];
  await notify();
  assert.deepEqual(take().sort(), ["stop 1", "stop 2"]);
  assert.deepEqual(fleet.list(), [{ id: "3" }]);
});

test("other lists of phones and trunks are told to the PBX that runs, and its connection stays", async () => {
  const { state, take, notify, fleet } = await openFleet(settings("1"), settings("2"));
  take();
  state.stored = [settings("1"), settings("2", { extensions: new Map([["102", "102"]]) })];
  await notify();
  assert.deepEqual(take(), ["2 learns 102 trunk"]);
  assert.deepEqual([...(fleet.settings()[1]?.extensions ?? [])], [["102", "102"]]);
  state.stored = [settings("1", { trunks: new Set(["carrier"]) }), state.stored[1] ?? assert.fail()];
  await notify();
  assert.deepEqual(take(), ["1 learns 101 carrier"]);
  await notify();
  assert.deepEqual(take(), [], "nothing is different");
});

test("a PBX is found by its own tenant only", async () => {
  const { fleet } = await openFleet(settings("1"), settings("2"));
  assert.ok(fleet.find(toTenantId(2), "2"));
  assert.equal(fleet.find(toTenantId(1), "2"), undefined);
  assert.deepEqual(fleet.list(toTenantId(1)), [{ id: "1" }]);
});

test("a store that is away stops nobody, and a change that was missed is found five minutes later", async () => {
  const { state, take, notify, clock } = await openFleet(settings("1"));
  take();
  state.isDown = true;
  await notify();
  state.isDown = false;
  state.stored = [settings("1"), settings("2")];
  await clock.advance(300_000);
  await clock.advance(500);
  assert.deepEqual(take(), ["start 2"]);
});

test("a stop stops every PBX and listens no more", async () => {
  const { fleet, take, listeners } = await openFleet(settings("1"), settings("2"));
  take();
  await fleet.stop();
  assert.deepEqual(take(), ["stop 1", "stop 2"]);
  assert.equal(listeners.size, 0);
});
