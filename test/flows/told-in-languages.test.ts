// A supervisor who reads Spanish or Russian is told in it why a call is not linked, why it did not arrive, and what holds a lane.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setupI18n } from "@lingui/core";
import { compileMessage } from "@lingui/message-utils/compileMessage";
import { toSpoken } from "../../web/ui/server-words.ts";
import { changeSettings, type Json } from "../api-client.ts";
import { eventually } from "../eventually.ts";
import { DOCUMENTED_CALL, FAST, startTestEnlace } from "../harness.ts";

const LOCALES = join(import.meta.dirname, "..", "..", "web", "locales");
const enlace = await startTestEnlace({ clockFactor: FAST });
const { api, crm, postCall } = enlace;

/** A field of an answer as the console tells it, in all three languages. */
function tell(answer: Json, field: string): Record<string, string> {
  const words = { text: answer[field], code: answer[`${field}_code`], values: answer[`${field}_values`] };
  return tellWords(words);
}

function tellWords(words: Parameters<typeof toSpoken>[0]): Record<string, string> {
  const told = ["en", "es", "ru"].map((locale) => {
    const i18n = setupI18n();
    i18n.setMessagesCompiler(compileMessage);
    i18n.loadAndActivate({ locale, messages: JSON.parse(readFileSync(join(LOCALES, `${locale}.json`), "utf8")) });
    const speaker = {
      knows: (key: string) => Object.hasOwn(i18n.messages, key),
      say: (key: string, values: Readonly<Record<string, string | number>>) => i18n._(key, values),
    };
    const { text, isOwn } = toSpoken(words, speaker);
    assert.ok(isOwn, `${locale} has no words for ${JSON.stringify(words)}`);
    return [locale, text];
  });
  return Object.fromEntries(told);
}

const loadDelivery = async (uuid: string): Promise<Json> => {
  const { body } = await api.get(`/api/v1/calls?call_uuid=${uuid}`);
  return body.items[0]?.deliveries[0] ?? assert.fail();
};

test("why a call is linked to nobody is told in the reader's language, in the call and in the list of deliveries", async () => {
  await postCall({ ...DOCUMENTED_CALL, call_uuid: "unknown", from: "+34600000071" });
  const call = await eventually(async () => {
    const found = await loadDelivery("unknown");
    assert.equal(found.state, "delivered");
    return found;
  });
  assert.deepEqual(tell(call, "review"), {
    en: "nobody in the CRM has this number",
    es: "nadie en el CRM tiene este número",
    ru: "в CRM ни у кого нет этого номера",
  });
  const { body } = await api.get(`/api/v1/deliveries/${call.id}`);
  assert.deepEqual([body.review_code, body.reason_code], ["vtiger.nobody", null]);
});

test("contacts that share a number are counted as each language counts, with Vtiger's own ids", async () => {
  for (const lastname of ["Ana", "Blas"]) crm.addContact({ lastname, phone: "600 000 072" });
  await postCall({ ...DOCUMENTED_CALL, call_uuid: "shared", from: "+34600000072" });
  const call = await eventually(async () => {
    const found = await loadDelivery("shared");
    assert.equal(found.state, "delivered");
    return found;
  });
  const { es, ru } = tell(call, "review");
  assert.match(es ?? "", /^2 registros de Contacts tienen este número \(\d+x\d+, \d+x\d+\)$/);
  assert.match(ru ?? "", /^этот номер есть у 2 записей в Contacts \(\d+x\d+, \d+x\d+\)$/);
});

test("a dead letter tells why in the reader's language, and so does each of its attempts and the preview of a replay", async () => {
  crm.faults.add({ kind: "trace", operation: "create" });
  await postCall({ ...DOCUMENTED_CALL, call_uuid: "broken" });
  const call = await eventually(async () => {
    const found = await loadDelivery("broken");
    assert.equal(found.state, "dead");
    return found;
  });
  const expected = {
    en: "create: Vtiger broke down over this record (it printed a stack trace)",
    es: "create: Vtiger se rompió con este registro (mostró la traza de un error)",
    ru: "create: Vtiger сломался на этой записи (выдал трассировку ошибки)",
  };
  assert.deepEqual(tell(call, "reason"), expected);
  const attempts = await api.get(`/api/v1/deliveries/${call.id}/attempts`);
  assert.deepEqual(tell(attempts.body.items[0], "reason"), expected);
  const preview = await api.get("/api/v1/deliveries/preview?deed=replay");
  assert.deepEqual(tell(preview.body.sample[0], "reason"), expected);
});

test("a held lane and a failed check say what is wrong and how to mend it, with Vtiger's own words as they are", async () => {
  const { id } = (await api.get("/api/v1/connections")).body.items[0];
  await changeSettings(api, id, { accessKey: "not the key" });
  crm.faults.expireSessions();
  await postCall({ ...DOCUMENTED_CALL, call_uuid: "locked-out" });
  const { lane } = await eventually(async () => {
    const { body } = await api.get(`/api/v1/connections/${id}`);
    assert.equal(body.lane.state, "held");
    return body;
  });
  for (const field of ["reason", "last_reason"]) {
    const { es, ru } = tell(lane, field);
    assert.match(es ?? "", /^login: Vtiger no acepta el usuario o la clave de acceso \(INVALID_USER_CREDENTIALS: /);
    assert.match(ru ?? "", /^login: Vtiger не принимает пользователя или ключ доступа \(INVALID_USER_CREDENTIALS: /);
  }
  const { body: report } = await api.post(`/api/v1/connections/${id}/check`);
  const bad = report.findings.find(({ level }: Json) => level === "error");
  const { message, code, values, mend, mend_code, mend_values } = bad;
  assert.match(tellWords({ text: message, code, values }).es ?? "", /no acepta el usuario o la clave de acceso/);
  assert.match(
    tellWords({ text: mend, code: mend_code, values: mend_values }).ru ?? "",
    /^Проверьте пользователя и ключ/,
  );
  const { body: waiting } = await api.get("/api/v1/deliveries?state=pending");
  assert.equal(waiting.items[0].reason_code, "vtiger.operation");
  const { body: preview } = await api.get("/api/v1/deliveries/preview?deed=replay");
  assert.equal(preview.connections[0].lane_reason_code, "vtiger.operation");
});

test("a reason that an older version wrote alone is shown as it is, never with the words of another", async () => {
  const { id } = await loadDelivery("broken");
  await enlace.rows("update deliveries set reason = 'written by an older version' where id = $1 returning id", [id]);
  const { body } = await api.get(`/api/v1/deliveries/${id}`);
  assert.deepEqual([body.reason, body.reason_code, body.reason_values], ["written by an older version", null, null]);
});
