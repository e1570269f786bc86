import assert from "node:assert/strict";
import { test } from "node:test";
import type { CallFact } from "../core/call-fact.ts";
import { toTenantId } from "../core/ids.ts";
import { toJoinRequest } from "./said-names.ts";

const at = new Date("2026-03-10T10:00:00Z");
const idsOf = (
  callUuid: string,
  fact: Partial<CallFact>,
  { raw = {}, prefix }: { raw?: object; prefix?: string } = {},
) =>
  toJoinRequest(
    {
      tenant: { id: toTenantId(1) },
      callUuid,
      fact: { key: "k", source: "webhook", at, ...fact },
      raw: JSON.stringify(raw),
    },
    () => prefix,
  ).ids;

test("a webhook says uniqueid and linkedid, however it spells them", () => {
  const raw = { Uniqueid: "1700000100.12", linked_id: "1700000100.10", other_id: "x" };
  assert.deepEqual(idsOf("uuid-1", {}, { raw }), ["1700000100.12", "1700000100.10"]);
  assert.deepEqual(idsOf("uuid-1", {}, { raw, prefix: "B:" }), ["B:1700000100.12", "B:1700000100.10"]);
  assert.deepEqual(idsOf("uuid-1", {}, { raw: { uniqueid: ["1"], linkedid: "a b" } }), []);
});

test("a call_uuid that is a unique id is one of the PBX whose calls have a prefix", () => {
  assert.deepEqual(idsOf("1700000100.10", {}, { prefix: "B:" }), ["B:1700000100.10"]);
  assert.deepEqual(idsOf("1700000100.10", {}), []);
});

test("AMI says its channels with keys, rings and talks", () => {
  const ring = { id: "1700000100.12", startedAt: at };
  const talk = { id: "1700000100.13:1", startedAt: at };
  const fact: Partial<CallFact> = {
    source: "ami",
    key: "ami:1700000100.11:ring",
    details: { rings: [ring], talks: [talk] },
  };
  const ids = ["1700000100.11", "1700000100.12", "1700000100.13"];
  assert.deepEqual(idsOf("1700000100.10", fact), ids);
  assert.deepEqual(idsOf("B:1700000100.11", fact, { prefix: "B:" }), ["B:1700000100.12", "B:1700000100.13"]);
});
