import assert from "node:assert/strict";
import { test } from "node:test";
import { toTenantId } from "../core/ids.ts";
import { type JoinRequest, joinNames } from "./identity-join.ts";

const tenantId = toTenantId(1);
const known = (names: Record<string, readonly [callUuid: string, source: string]>) =>
  new Map(Object.entries(names).map(([alias, [callUuid, source]]) => [alias, { callUuid, source }]));
const join = (request: Partial<JoinRequest>, names: Parameters<typeof known>[0] = {}) => {
  const whole: JoinRequest = { tenantId, own: "1.1", ids: [], source: "ami", ...request };
  const { callUuid, isRenamed, names: news } = joinNames(whole, known(names));
  return { callUuid, isRenamed, news: news.map(({ alias, callUuid: uuid, source }) => `${alias}→${uuid} (${source})`) };
};

test("AMI names its call and its channels, and says nothing twice", () => {
  const first = join({ ids: ["1.2"] });
  assert.deepEqual(first, { callUuid: "1.1", isRenamed: false, news: ["1.2→1.1 (leg)", "1.1→1.1 (ami)"] });
  const again = join({ ids: ["1.2"] }, { "1.1": ["1.1", "ami"], "1.2": ["1.1", "leg"] });
  assert.deepEqual(again, { callUuid: "1.1", isRenamed: false, news: [] });
});

test("a webhook that names nothing but itself leaves no name; it asks whether it is another's", () => {
  assert.deepEqual(join({ own: "uuid-1", source: "webhook" }).news, []);
  assert.equal(join({ own: "uuid-1", source: "webhook" }, { "uuid-1": ["1.1", "merge"] }).callUuid, "1.1");
});

test("who names what another named before joins that call", () => {
  const late = join({ own: "uuid-1", ids: ["1.2"], source: "webhook" }, { "1.2": ["1.1", "leg"] });
  assert.deepEqual(late, { callUuid: "1.1", isRenamed: true, news: ["uuid-1→1.1 (webhook)"] });
  const ami = join({ ids: ["1.2"] }, { "1.2": ["uuid-1", "webhook"], "1.1": ["1.1", "ami"] });
  assert.deepEqual([ami.callUuid, ami.isRenamed], ["uuid-1", true]);
});

test("what AMI thought of a channel before does not bind it: calls that are passed on change hands", () => {
  const { callUuid, isRenamed } = join({ own: "1.9", ids: ["1.2"] }, { "1.2": ["1.1", "leg"] });
  assert.deepEqual([callUuid, isRenamed], ["1.9", false]);
});

test("who only asks leaves no name", () => {
  assert.deepEqual(join({ source: "other" }), { callUuid: "1.1", isRenamed: false, news: [] });
  assert.equal(join({ source: "other" }, { "1.1": ["uuid-1", "merge"] }).callUuid, "uuid-1");
});
