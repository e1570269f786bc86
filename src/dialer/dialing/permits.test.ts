import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { RowId, TenantId } from "../../core/ids.ts";
import { createDealer, type Flow } from "./permits.ts";

interface Said {
  tenant: number;
  project: number;
  most: number;
  trunks: readonly number[];
}

const toFlow = ({ tenant, project, most, trunks }: Said, index: number): Flow => ({
  key: `campaign:${index}`,
  tenantId: tenant as TenantId,
  projectId: String(project) as RowId,
  most,
  limits: ["all", `tenant:${tenant}`, `project:${project}`],
  trunks: [...new Set(trunks)].map((id) => ({ trunkId: String(id) as RowId, pbxId: "1", weight: 1 })),
});

const small = fc.integer({ min: 0, max: 12 });
const said = fc.record({
  tenant: fc.integer({ min: 1, max: 3 }),
  project: fc.integer({ min: 1, max: 4 }),
  most: small,
  trunks: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
});
const world = fc.record({
  flows: fc.array(said, { maxLength: 8 }),
  rooms: fc.dictionary(fc.string(), small),
  limit: small,
});

const count = <T>(items: readonly T[], of: (item: T) => string): Map<string, number> =>
  new Map([...Map.groupBy(items, of)].map(([key, own]) => [key, own.length]));

test("nothing gets more than it has room for, whatever is limited", () => {
  fc.assert(
    fc.property(world, fc.array(small, { minLength: 12, maxLength: 12 }), ({ flows: given, limit }, rooms) => {
      const keys = ["all", 1, 2, 3, 4].map(String);
      const room = (key: string): number =>
        rooms[(keys.indexOf(key.slice(key.indexOf(":") + 1)) + key.length) % 12] ?? 0;
      const flows = given.map(toFlow);
      const permits = createDealer().deal(flows, room, limit);
      assert.ok(permits.length <= limit);
      for (const [key, own] of count(permits, ({ flow }) => flow.key))
        assert.ok(own <= (flows.find((flow) => flow.key === key)?.most ?? 0));
      const used = count(
        permits.flatMap(({ flow, trunkId }) => [...flow.limits, `trunk:${trunkId}`]),
        (key) => key,
      );
      for (const [key, own] of used) assert.ok(own <= room(key), key);
    }),
  );
});

test("as long as somebody could have one more, and there is one more, somebody gets it", () => {
  fc.assert(
    fc.property(world, ({ flows: given, limit }) => {
      const flows = given.map(toFlow);
      const permits = createDealer().deal(flows, (key) => (key.startsWith("trunk:") ? 3 : 100), limit);
      if (permits.length === limit) return;
      const byFlow = count(permits, ({ flow }) => flow.key);
      const byTrunk = count(permits, ({ trunkId }) => trunkId);
      for (const flow of flows) {
        const isFull = (byFlow.get(flow.key) ?? 0) >= flow.most;
        assert.ok(isFull || flow.trunks.every(({ trunkId }) => (byTrunk.get(trunkId) ?? 0) >= 3), flow.key);
      }
    }),
  );
});

test("a tenant with ten campaigns gets no more than one with one", () => {
  const many = Array.from({ length: 10 }, () => ({ tenant: 1, project: 1, most: 100, trunks: [1] }));
  const flows = [...many, { tenant: 2, project: 2, most: 100, trunks: [2] }].map(toFlow);
  const permits = createDealer().deal(flows, () => 100, 20);
  assert.deepEqual([...count(permits, ({ flow }) => String(flow.tenantId))].toSorted(), [
    ["1", 10],
    ["2", 10],
  ]);
  assert.ok([...count(permits, ({ flow }) => flow.key).values()].every((own) => own <= 10));
});

test("with less to deal than there are hands nobody is always the last", () => {
  const flows = [1, 2, 3].map((tenant) => ({ tenant, project: tenant, most: 9, trunks: [tenant] })).map(toFlow);
  const dealer = createDealer();
  const winners = Array.from({ length: 30 }, () => dealer.deal(flows, () => 100, 1)[0]?.flow.tenantId ?? 0);
  assert.deepEqual([...count(winners, String)].toSorted(), [
    ["1", 10],
    ["2", 10],
    ["3", 10],
  ]);
});

test("trunks are chosen by weight, over many deals too, and a full one is made up for by the others", () => {
  const dealer = createDealer();
  const flow = toFlow({ tenant: 1, project: 1, most: 1, trunks: [1, 2] }, 0);
  const weighted = { ...flow, trunks: flow.trunks.map((trunk, index) => ({ ...trunk, weight: index === 0 ? 3 : 1 })) };
  const chosen = Array.from({ length: 400 }, () => dealer.deal([weighted], () => 9, 1)[0]?.trunkId ?? "");
  assert.deepEqual([...count(chosen, String)].toSorted(), [
    ["1", 300],
    ["2", 100],
  ]);
  const full = dealer.deal([{ ...weighted, most: 4 }], (key) => (key === "trunk:1" ? 0 : 9), 4);
  assert.deepEqual(
    full.map(({ trunkId }) => trunkId),
    ["2", "2", "2", "2"],
  );
});
