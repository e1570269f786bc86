import assert from "node:assert/strict";
import { test } from "node:test";
import type { CrmUser } from "../../connectors/connector.ts";
import { toUserMapping } from "./user-mapping.ts";

const user = (id: string, extension: string | null, label = id): CrmUser => ({
  ...{ id, name: `login-${id}`, label, kind: "user", extension },
});
const ours = (...numbers: string[]) => numbers.map((number) => ({ number, name: `Desk ${number}` }));

function map(users: CrmUser[], owners: Record<string, string>, extensions = ours("101")) {
  return toUserMapping({ users, owners }, extensions).map(({ extension, ownerId, problem }) => [
    extension,
    ownerId,
    problem,
  ]);
}

test("whom the CRM gives a phone gets its calls, whatever the setting says, and the contradiction is told", () => {
  assert.deepEqual(map([user("a", "101"), user("b", null)], {}), [["101", "a", null]]);
  assert.deepEqual(map([user("a", "101"), user("b", null)], { "101": "login-a" }), [["101", "a", null]]);
  assert.deepEqual(map([user("a", "101"), user("b", null)], { "101": "login-b" }), [["101", "a", "overruled"]]);
});

test("two who claim one phone are a conflict until the setting decides", () => {
  const users = [user("a", "101"), user("b", "101")];
  assert.deepEqual(map(users, {}), [["101", null, "contested"]]);
  assert.deepEqual(map(users, { "101": "b" }), [["101", "b", null]]);
  assert.deepEqual(toUserMapping({ users, owners: {} }, ours("101"))[0]?.claimedBy, ["a", "b"]);
});

test("a phone of nobody, an owner who is not there and a phone that is none of ours are told", () => {
  assert.deepEqual(map([user("a", null)], {}), [["101", null, "nobody"]]);
  assert.deepEqual(map([user("a", null)], { "101": "gone" }), [["101", null, "unknown_owner"]]);
  assert.deepEqual(map([user("a", "101"), user("b", "999")], {}), [
    ["101", "a", null],
    ["999", "b", "not_here"],
  ]);
  assert.deepEqual(
    map([user("b", "999")], {}, []),
    [["999", "b", null]],
    "who lists no extensions is not held to them",
  );
});

test("extensions come in the order people count", () => {
  const rows = toUserMapping({ users: [], owners: { "20": "x", "3": "x" } }, ours("100"));
  assert.deepEqual(
    rows.map(({ extension }) => extension),
    ["3", "20", "100"],
  );
});

test("somebody is suggested by the digits of the phone or by the name, and nobody where there are two", () => {
  const suggested = (users: CrmUser[]): unknown => {
    const [row] = toUserMapping({ users, owners: {} }, [{ number: "101", name: "Íñigo Pérez" }]);
    return row?.suggestedId;
  };
  assert.equal(suggested([user("a", "Ext. 101"), user("b", null)]), "a");
  assert.equal(suggested([user("a", null, "inigo perez"), user("b", null)]), "a");
  assert.equal(suggested([user("a", null, "Iñigo Perez"), user("b", null, "Íñigo Pérez")]), null);
  assert.equal(
    suggested([user("a", "101"), user("b", null, "Íñigo Pérez")]),
    null,
    "nothing to suggest: it has an owner",
  );
});
