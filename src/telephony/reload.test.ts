import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError } from "../core/errors.ts";
import type { AmiAction } from "./ami/action.ts";
import { AmiMessage } from "./ami/message.ts";
import { createAskPbx } from "./ask-pbx.ts";
import { pbxCommand } from "./pbx-command.ts";
import { createReload } from "./reload.ts";

const refusal = (says: string): string[] => ["Response", "Error", "Message", says];

/** A PBX that knows the endpoint `known` and none else. */
function openPbx(answerReload: string[] = ["Response", "Success"]) {
  const asked: string[] = [];
  const send = async ({ name, fields }: AmiAction): Promise<AmiMessage> => {
    asked.push(`${name} ${Object.values(fields ?? {}).join()}`);
    if (name === "Reload") return new AmiMessage(answerReload);
    const isKnown = fields?.Endpoint === "known";
    return new AmiMessage(isKnown ? ["Response", "Success"] : refusal("Unable to retrieve endpoint unknown"));
  };
  return { reload: createReload(createAskPbx(send)), asked };
}

test("a reload names the endpoints that are not there afterwards", async () => {
  const { reload, asked } = openPbx();
  assert.deepEqual(await reload({ module: "res_pjsip", endpoints: ["known", "unknown"] }), { missing: ["unknown"] });
  assert.deepEqual(asked, ["Reload res_pjsip", "PJSIPShowEndpoint known", "PJSIPShowEndpoint unknown"]);
});

test("an AMI user that may not reload is told so, and nothing is looked at", async () => {
  const { reload, asked } = openPbx(refusal("Permission denied"));
  await assert.rejects(
    reload({ module: "res_pjsip", endpoints: ["known"] }),
    (error) => error instanceof AppError && error.code === "conflict" && /Permission denied/.test(error.message),
  );
  assert.equal(asked.length, 1);
});

test("no other module can be named in an order", () => {
  const order = { kind: "reload", endpoints: [] };
  assert.ok(pbxCommand.safeParse({ ...order, module: "res_pjsip" }).success);
  for (const module of ["manager", "", "res_pjsip\r\nAction: Command"])
    assert.ok(!pbxCommand.safeParse({ ...order, module }).success, module);
});
