// Somebody who reads no English sees why calls are not linked, did not arrive or wait, how to mend it, and what a form wants.
import assert from "node:assert/strict";
import { test } from "node:test";
import { changeSettings } from "../api-client.ts";
import { eventually } from "../eventually.ts";
import { DOCUMENTED_CALL, FAST } from "../harness.ts";
import { chromiumIsMissing } from "./chromium.ts";
import { assertQuiet, see, startConsole } from "./console.ts";
import { findForeignWords } from "./foreign-words.ts";

const skip = chromiumIsMissing;
const house = skip ? undefined : await startConsole({ clockFactor: FAST });

const WORDS = {
  es: {
    ...{ dead: /Vtiger se rompió con este registro/, unlinked: /nadie en el CRM tiene este número/ },
    held: /Vtiger no acepta el usuario o la clave de acceso/,
    ...{ check: "Comprobar", mend: /Revise el usuario y la clave de acceso/, setting: "Propietario de reserva" },
  },
  ru: {
    ...{ dead: /Vtiger сломался на этой записи/, unlinked: /в CRM ни у кого нет этого номера/ },
    held: /Vtiger не принимает пользователя или ключ доступа/,
    ...{ check: "Проверить", mend: /Проверьте пользователя и ключ доступа/, setting: "Запасной ответственный" },
  },
} as const;

async function tellCall(call_uuid: string, state: string): Promise<string> {
  const { enlace } = house ?? assert.fail();
  await enlace.postCall({ ...DOCUMENTED_CALL, call_uuid });
  return eventually(async () => {
    const { body } = await enlace.api.get(`/api/v1/calls?call_uuid=${call_uuid}`);
    assert.equal(body.items[0]?.deliveries[0]?.state, state);
    return body.items[0].id;
  });
}

test("an unlinked call, a dead letter and a held connection are told in Spanish and in Russian", { skip }, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const unlinked = await tellCall("unknown", "delivered");
  enlace.crm.faults.add({ kind: "trace", operation: "create" });
  await tellCall("broken", "dead");
  const { id } = (await enlace.api.get("/api/v1/connections")).body.items[0];
  await changeSettings(enlace.api, id, { accessKey: "not the key" });
  enlace.crm.faults.expireSessions();
  await enlace.postCall({ ...DOCUMENTED_CALL, call_uuid: "locked-out" });
  await eventually(async () => {
    assert.equal((await enlace.api.get(`/api/v1/connections/${id}`)).body.lane.state, "held");
  });
  for (const [language, words] of Object.entries(WORDS) as [keyof typeof WORDS, (typeof WORDS)["es" | "ru"]][]) {
    const desk = await signIn();
    const { page } = desk;
    await page.evaluate(`localStorage.setItem("enlace.language", "${language}")`);
    await page.goto(`/calls/${unlinked}`);
    await see(page, words.unlinked);
    await page.goto("/deliveries?state=dead");
    await see(page, words.dead);
    await see(page, words.held);
    assert.deepEqual(await findForeignWords(page, language), []);
    await page.goto(`/connections/${id}`);
    await see(page, words.held);
    await page.getByLabel(words.setting).waitFor();
    assert.equal(await page.locator("form [lang=en]").count(), 0);
    await page.getByRole("button", { name: words.check, exact: true }).click();
    await see(page, words.mend);
    assert.deepEqual(await findForeignWords(page, language), []);
    assertQuiet(desk);
    await page.context().close();
  }
});
