import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../../test/database.ts";
import { toTenantId } from "../core/ids.ts";
import type { AgiChannel } from "./agi/channel.ts";
import { type AgiPbx, createAgiRouter } from "./agi-routes.ts";

const toPbx = (id: string, name: string, tenant = 1): AgiPbx => ({
  ...{ tenantId: toTenantId(tenant), id, name, callIdPrefix: "" },
});
const [office, branch, other] = [toPbx("1", "Office"), toPbx("2", "Branch"), toPbx("3", "Other", 2)];

function ask(query = "", args: string[] = [], script = "redirect") {
  const variables: Record<string, string> = {};
  const agi = {
    ...{ script, args, query: new URLSearchParams(query) },
    setVariable: async (name: string, value: string) => void Object.assign(variables, { [name]: value }),
  };
  return { agi: agi as unknown as AgiChannel, variables };
}

function createRouter(pbxs: readonly (AgiPbx & { addresses: readonly string[] })[]) {
  const served: string[] = [];
  const router = createAgiRouter({
    routes: { redirect: async (_agi, { name }) => void served.push(name) },
    listPbxs: async () => pbxs,
    findPbxByToken: async (token) => (token === "branch-token" ? branch : undefined),
    log: silentLog,
  });
  return { router, served };
}

const three = [
  { ...office, addresses: ["192.0.2.1"] },
  { ...branch, addresses: ["192.0.2.2"] },
  { ...other, addresses: ["192.0.2.2"] },
];

test("a session belongs to the PBX at the address that calls", async () => {
  const { router, served } = createRouter(three);
  await router.run(ask().agi, "192.0.2.1");
  assert.deepEqual(served, ["Office"]);
});

test("a token names the PBX from wherever it calls, and a wrong one is not made up for by the address", async () => {
  const { router, served } = createRouter(three);
  await router.run(ask("token=branch-token").agi, "203.0.113.9");
  await router.run(ask("", ["token=branch-token"]).agi, "203.0.113.9");
  await router.run(ask("token=guess").agi, "192.0.2.1");
  assert.deepEqual(served, ["Branch", "Branch"]);
  assert.deepEqual(router.counters(), { served: 2, no_script: 0, no_pbx: 1 });
});

test("two PBXs behind one address are told apart by name, and a PBX elsewhere cannot be named", async () => {
  const { router, served } = createRouter(three);
  const unnamed = ask();
  await router.run(unnamed.agi, "192.0.2.2");
  assert.deepEqual(unnamed.variables, { ENLACE_AGI: "no_pbx" });
  await router.run(ask("pbx=Other").agi, "192.0.2.2");
  await router.run(ask("pbx=Office").agi, "192.0.2.2");
  assert.deepEqual(served, ["Other"]);
});

test("the only PBX of an installation need not be known by its address; with two, a stranger is nobody's", async () => {
  const alone = createRouter([{ ...office, addresses: ["10.0.0.1"] }]);
  await alone.router.run(ask().agi, "203.0.113.9");
  assert.deepEqual(alone.served, ["Office"]);
  const among = createRouter(three);
  await among.router.run(ask().agi, "203.0.113.9");
  assert.deepEqual(among.served, []);
});

test("a script that is not there, or is a word of JavaScript, runs nothing and says so to the dialplan", async () => {
  const { router } = createRouter(three);
  for (const script of ["nothing", "constructor", ""]) {
    const { agi, variables } = ask("", [], script);
    await router.run(agi, "192.0.2.1");
    assert.deepEqual(variables, { ENLACE_AGI: "no_script" });
  }
});
