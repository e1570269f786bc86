import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { toTenantId } from "../../core/ids.ts";
import { systemRandom } from "../../kit/random.ts";
import { createSecretBox, SealError } from "../../kit/secret-box.ts";
import {
  findMasks,
  findSecretPaths,
  MASK,
  maskSecrets,
  openSettings,
  sealSettings,
  toSettingsSchema,
  unmaskSecrets,
} from "./settings.ts";

const secret = z.string().meta({ secret: true });
const schema = toSettingsSchema(
  z.object({
    url: z.string(),
    key: secret,
    optional: secret.optional(),
    nullable: secret.nullable(),
    withDefault: secret.default(""),
    list: z.array(z.object({ name: z.string(), secret })),
    byName: z.record(z.string(), secret),
    either: z.union([z.object({ kind: z.literal("a"), token: secret }), z.object({ kind: z.literal("b") })]),
  }),
);
const settings = {
  url: "https://crm.example.test",
  key: "k1",
  nullable: null,
  withDefault: "d1",
  list: [
    { name: "one", secret: "s1" },
    { name: "two", secret: "s2" },
  ],
  byName: { x: "x1" },
  either: { kind: "a", token: "t1" },
};
const [tenant, other] = [toTenantId(1), toTenantId(2)];
const box = createSecretBox({ secret: "a secret of at least 32 characters", random: systemRandom });

test("secrets are found wherever the schema puts them, and only there", () => {
  const paths = findSecretPaths(schema, settings).map((path) => path.join("."));
  assert.deepEqual(paths.sort(), ["byName.x", "either.token", "key", "list.0.secret", "list.1.secret", "withDefault"]);
});

test("what is sealed holds no secret, opens for its tenant and for no other", () => {
  const stored = JSON.parse(JSON.stringify(sealSettings(box, tenant, { schema, settings })));
  for (const plain of ["k1", "s1", "s2", "x1", "t1", "d1"]) assert.ok(!JSON.stringify(stored).includes(`"${plain}"`));
  assert.deepEqual(openSettings(box, tenant, stored), settings);
  assert.throws(() => openSettings(box, other, stored), SealError);
});

test("a sealed secret moved to another field does not open", () => {
  const stored = sealSettings(box, tenant, { schema, settings }) as { key: unknown; byName: { x: unknown } };
  assert.throws(() => openSettings(box, tenant, { ...stored, byName: { x: stored.key } }), SealError);
});

test("a mask that comes back keeps the stored secret, and a new value replaces it", () => {
  const masked = maskSecrets(schema, settings) as typeof settings;
  assert.deepEqual([masked.key, masked.list[1]?.secret, masked.nullable, masked.url], [MASK, MASK, null, settings.url]);
  assert.deepEqual(unmaskSecrets(schema, { ...masked, key: "new" }, settings), { ...settings, key: "new" });
});

test("a mask that stands for nothing stored is found out", () => {
  const masked = { ...settings, list: [...settings.list, { name: "three", secret: MASK }] };
  assert.deepEqual(findMasks(schema, unmaskSecrets(schema, masked, settings)), [["list", 2, "secret"]]);
});
