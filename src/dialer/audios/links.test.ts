import assert from "node:assert/strict";
import { test } from "node:test";
import { createManualClock } from "../../../test/manual-clock.ts";
import { toTenantId } from "../../core/ids.ts";
import { createAudioLinks } from "./links.ts";
import type { SoundRef } from "./sound.ts";

const sound: SoundRef = { kind: "speech", tenantId: toTenantId(7), file: "0123456789abcdef0123456789abcdef" };
const toToken = (url: string): string => url.split("/a/")[1] ?? "";

function create(secret = "a secret of at least 32 characters..") {
  const clock = createManualClock();
  return { clock, links: createAudioLinks({ clock, secret, publicUrl: "https://enlace.example.test" }) };
}

test("a link opens the sound it was made for, until it ends: then it is forbidden, not unknown", async () => {
  const { clock, links } = create();
  const { url, expiresAt } = links.forPerson(sound);
  assert.deepEqual(links.open(toToken(url)), { sound, endsAt: expiresAt });
  await clock.advance(600_000 - 1);
  links.open(toToken(url));
  await clock.advance(1);
  assert.throws(() => links.open(toToken(url)), { code: "forbidden" });
});

test("a token that was changed in any place, or made with another secret, opens nothing", () => {
  const { links } = create();
  const token = toToken(links.forPerson({ ...sound, tenantId: null }).url);
  for (let at = 0; at < token.length - ".wav".length; at++) {
    const other = token[at] === "A" ? "B" : "A";
    assert.throws(() => links.open(token.slice(0, at) + other + token.slice(at + 1)), { code: "not_found" }, `${at}`);
  }
  assert.throws(() => create("another secret of 32 characters.....").links.open(token), { code: "not_found" });
  for (const wrong of ["", "x", `${token}.wav`, "a".repeat(10_000)])
    assert.throws(() => links.open(wrong), { code: "not_found" });
});

test("a PBX gets the same link all day, at the address where it reaches us, and it outlives that day", async () => {
  const { clock, links } = create();
  const first = links.forPbx(sound, "http://10.0.0.5:8080");
  assert.match(first, /^http:\/\/10\.0\.0\.5:8080\/a\/[\w-]{58}\.wav$/);
  await clock.advance(14 * 3_600_000 - 1); // to the last moment of the day
  assert.equal(links.forPbx(sound, "http://10.0.0.5:8080"), first);
  await clock.advance(1);
  assert.notEqual(links.forPbx(sound, "http://10.0.0.5:8080"), first);
  await clock.advance(86_400_000 - 1);
  assert.deepEqual(links.open(toToken(first)).sound, sound);
});
