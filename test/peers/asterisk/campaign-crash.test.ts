// Enlace and Asterisk are killed in the middle of campaigns. The carrier's log says whether anybody was called twice, or forgotten.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { startFakeVtiger } from "../../../src/connectors/vtiger/fake-vtiger.ts";
import { type ApiClient, type Json, logIn } from "../../api-client.ts";
import { createChildEnlace } from "../../child-enlace.ts";
import { createTestDatabase } from "../../database.ts";
import { ADMIN_PASSWORD } from "../../environment.ts";
import { eventually } from "../../eventually.ts";
import type { ServerProcess } from "../../server-process.ts";
import { type Asterisk, startAsterisks } from "./asterisk.ts";
import { type Carrier, findCarrierProblem, startCarrier } from "./carrier.ts";
import { type DialerProduct, openDialerProduct } from "./dialer-product.ts";

const problem = findCarrierProblem();
const started = problem === false ? await startAsterisks() : problem;
const skip = typeof started === "string" && started;

interface Child {
  url: string;
  api: ApiClient;
  server: ServerProcess;
}
interface Scene extends DialerProduct<Child> {
  pbx: Asterisk;
  carrier: Carrier;
  projectId: string;
}

/** Nobody may be called a second time while the test goes on. */
const RETRY = { attempts_max: 3, after_seconds: 3_600, by_disposition: {} };
const LONG_MS = 180_000;

async function startChild(env: Record<string, string>): Promise<Child> {
  const database = await createTestDatabase();
  const crm = await startFakeVtiger();
  after(() => crm.stop());
  const server = await createChildEnlace({ databaseUrl: database.url, crmUrl: crm.url, env });
  process.once("exit", () => void server.kill()); // a file that throws at its top runs no hooks, and it holds the port of FastAGI
  await server.start();
  return { url: server.url, api: await logIn(server.url, "admin", ADMIN_PASSWORD), server };
}

async function open(pbx: Asterisk): Promise<Scene> {
  const product = await openDialerProduct(pbx, startChild);
  const carrier = await startCarrier({ pbx, trunk: "carrier", ringMs: 300, talkMs: 8_000 });
  const { make, base } = product;
  const trunk = await make("/api/v1/trunks", { name: "carrier", channels_max: 30, per_second: 10 });
  const project = await make("/api/v1/projects", {
    ...{ ...base, name: "Reminders", trunks: [{ trunk_id: trunk.id }], retry: RETRY },
    ivr: { audio_id: await product.uploadTone("message", 2), digit_attempts: 1, digit_wait_ms: 1_000 },
  });
  return { ...product, pbx, carrier, projectId: project.id };
}

// Only looked at by scenarios, which are skipped where it cannot be had.
const scene = (skip === false ? await open((started as { pbx: Asterisk }).pbx) : undefined) as Scene;

/** People, busy ones, some whose phone rings on, and some who hang up at once. */
const listNumbers = (first: number): string[] =>
  Array.from({ length: 120 }, (_, index) => `6${String(first + index).padStart(7, "0")}${"1317143711"[index % 10]}`);

const callsTo = (numbers: readonly string[]) => {
  const wanted = new Set(numbers);
  return scene.carrier.calls().filter(({ number }) => wanted.has(number.slice(-9)));
};

const isUnderWay = (numbers: readonly string[]): Promise<void> =>
  eventually(() => assert.ok(callsTo(numbers).length >= 40 && callsTo(numbers).length < 120));

/** What was written down and not sent yet when the other side died. */
const UNSENT_MAX = 10;

/**
 * No contact is left in the middle, and the carrier saw nobody twice. Who was about to be called in the moment of the crash may or
 * may not have been, as far as anybody can know: they count as called, and wait for their next time.
 */
async function nobodyTwiceNobodyForgotten(id: string, numbers: readonly string[]): Promise<void> {
  const { api } = scene.enlace;
  const read = async (path: string): Promise<Json> => (await api.get(path)).body;
  const pending = (): Promise<Json> => read(`/api/v1/campaigns/${id}/contacts?state=pending&limit=200`);
  await eventually(
    async () => {
      const { contacts } = await read(`/api/v1/campaigns/${id}`);
      const untried = (await pending()).items.filter(({ attempts }: Json) => attempts === 0);
      assert.deepEqual([contacts.dialing, untried.length], [0, 0], JSON.stringify(contacts));
    },
    { timeoutMs: LONG_MS },
  );
  const called = callsTo(numbers).map(({ number }) => number.slice(-9));
  const once = new Set(called);
  assert.equal(called.length, once.size, "nobody was called twice");
  const { items: waiting } = await pending();
  const unsent = numbers.filter((number) => !once.has(number));
  assert.ok(unsent.length <= UNSENT_MAX, `${unsent.length} were not called`);
  for (const number of unsent) {
    const contact = waiting.find((each: Json) => each.number.endsWith(number));
    assert.deepEqual([contact?.disposition, contact?.attempts], ["failed", 1], `${number} waits for the next time`);
  }
  const open = (await read(`/api/v1/attempts?campaign_id=${id}&limit=200`)).items.filter(
    ({ state }: Json) => state !== "ended",
  );
  assert.deepEqual(open, [], "no attempt goes on without a call");
}

const scenario = (name: string, run: () => Promise<void>): void => {
  test(name, { skip, timeout: 300_000 }, run);
};

scenario(
  "Enlace is killed in mid-campaign: when it comes back nobody is called twice and nobody is forgotten",
  async () => {
    const numbers = listNumbers(1_000);
    const id = await scene.startCampaign(scene.projectId, numbers);
    await isUnderWay(numbers);
    await scene.enlace.server.kill();
    await scene.enlace.server.start();
    await nobodyTwiceNobodyForgotten(id, numbers);
  },
);

scenario(
  "Asterisk is killed in mid-campaign: its calls are closed, and the campaign goes on when it is back",
  async () => {
    const numbers = listNumbers(2_000);
    const id = await scene.startCampaign(scene.projectId, numbers);
    await isUnderWay(numbers);
    await killAndStart(scene.pbx);
    await nobodyTwiceNobodyForgotten(id, numbers);
  },
);

/** `kill -9`, and started again with the configuration it had. */
async function killAndStart({ folder }: Asterisk): Promise<void> {
  const pidFile = join(folder, "asterisk.pid");
  const pid = Number(readFileSync(pidFile, "utf8"));
  process.kill(pid, "SIGKILL");
  await eventually(() => assert.throws(() => process.kill(pid, 0)));
  for (const name of ["asterisk.ctl", "asterisk.pid"]) rmSync(join(folder, "var/run/asterisk", name), { force: true });
  const again = spawn("chroot", [folder, "/usr/sbin/asterisk", "-f", "-q"], { detached: true, stdio: "ignore" });
  again.unref();
  writeFileSync(pidFile, String(again.pid)); // for whoever stops it when the file ends
}
