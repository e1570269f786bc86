// What the front door refuses, how it says so, and that nothing of it is stored.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { DOCUMENTED_CALL, startTestEnlace } from "../harness.ts";

const enlace = await startTestEnlace();

afterEach(async () => {
  const [{ count }] = await enlace.rows(
    "select count(*)::int from facts where call_id in (select id from calls where call_uuid like 'refused%')",
  );
  assert.equal(count, 0);
});

test("what is not JSON is 400", async () => {
  for (const body of ["", "{", '{"call_uuid": "refused"', "not json", '{"a":NaN}', "﻿{{"]) {
    const { status, body: problem } = await enlace.postCall(body);
    assert.deepEqual([status, problem.code], [400, "invalid_json"], body);
  }
});

test("a field that cannot be taken is 422 and named", async () => {
  const faults: [Record<string, unknown>, string][] = [
    [{ call_uuid: undefined }, "call_uuid"],
    [{ call_uuid: "refused <script>" }, "call_uuid"],
    [{ call_uuid: `refused${"x".repeat(100)}` }, "call_uuid"],
    [{ call_uuid: 5 }, "call_uuid"],
    [{ direction: "sideways" }, "direction"],
    [{ status: "exploded" }, "status"],
    [{ start_time: "yesterday" }, "start_time"],
    [{ end_time: "2025-13-45T00:00:00Z" }, "end_time"],
    [{ end_time: "2025-08-02T13:00:00Z" }, "end_time"],
    [{ recording_url: "file:///etc/passwd" }, "recording_url"],
    [{ from: { number: "x" } }, "from"],
  ];
  for (const [fault, field] of faults) {
    const { status, body } = await enlace.postCall({ ...DOCUMENTED_CALL, call_uuid: "refused", ...fault });
    assert.equal(status, 422, JSON.stringify([fault, body]));
    assert.ok(
      body.errors.some(({ path }: { path: string }) => path === field),
      `${field}: ${JSON.stringify(body)}`,
    );
  }
});

test("JSON that is no object is 422", async () => {
  for (const body of ["[]", "null", '"text"', "5"]) assert.equal((await enlace.postCall(body)).status, 422, body);
});

test("a body over 64 KiB is 413, even unsigned; one of just under 64 KiB is taken", async () => {
  const pad = (size: number): string => {
    const bare = JSON.stringify({ call_uuid: "large", note: "" });
    return JSON.stringify({ call_uuid: "large", note: "x".repeat(size - bare.length) });
  };
  const large = await enlace.postCall(pad(64 * 1024 + 1), { headers: { "x-signature": "" } });
  assert.deepEqual([large.status, large.body.code], [413, "payload_too_large"]);
  assert.equal((await enlace.postCall(pad(64 * 1024))).status, 202);
});

test("fields that Enlace does not know are kept in the raw payload", async () => {
  const call = {
    ...DOCUMENTED_CALL,
    call_uuid: "with-more",
    queue: { name: "ventas", position: 2 },
    "caller name": "José 😀",
  };
  assert.equal((await enlace.postCall(call)).status, 202);
  const [row] = await enlace.rows("select raw_payload from voip_call_buffer where call_uuid = 'with-more'");
  assert.deepEqual(row.raw_payload, call);
});

test("every refusal is a problem document that carries the request's id", async () => {
  const { headers, body } = await enlace.postCall("{", { headers: { "x-signature": "00" } });
  assert.match(headers.get("content-type") ?? "", /^application\/problem\+json/);
  assert.equal(body.request_id, headers.get("x-request-id"));
  assert.equal(body.status, 401);
  assert.ok(body.detail.length > 0);
});
