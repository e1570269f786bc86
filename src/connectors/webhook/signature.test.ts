import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { webhookSettings } from "./schema.ts";
import { toSecrets, toSignatureHeaders } from "./signature.ts";

const now = new Date("2025-08-02T14:03:00Z");
const base = { url: "https://hooks.example.test/calls", secret: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" };

test("the signature is that of the Standard Webhooks specification's own example", () => {
  // https://github.com/standard-webhooks/standard-webhooks: its reference libraries are tested with these very values
  const settings = webhookSettings.parse({ ...base, secret: `whsec_${base.secret}` });
  const message = { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", body: '{"test": 2432232314}' };
  const headers = toSignatureHeaders(settings, message, new Date(1614265330 * 1000));
  assert.equal(headers["webhook-timestamp"], "1614265330");
  assert.equal(headers["webhook-signature"], "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
});

test("X-Signature is the hex HMAC of the body with the secret as it is written", () => {
  const headers = toSignatureHeaders(webhookSettings.parse(base), { id: "a", body: "{}" }, now);
  assert.equal(headers["X-Signature"], createHmac("sha256", base.secret).update("{}").digest("hex"));
  assert.equal(headers["X-Signature-Previous"], undefined);
});

test("while a secret is being changed both sign, and the old one only until its time", () => {
  const previousSecret = "the secret of last month";
  const rotating = webhookSettings.parse({ ...base, previousSecret, previousSecretUntil: "2025-08-02T16:04:00+02:00" });
  const headers = toSignatureHeaders(rotating, { id: "a", body: "{}" }, now);
  assert.equal(headers["webhook-signature"]?.split(" ").length, 2);
  assert.equal(headers["X-Signature-Previous"], createHmac("sha256", previousSecret).update("{}").digest("hex"));
  assert.deepEqual(toSecrets(rotating, now), [base.secret, previousSecret]);
  assert.deepEqual(toSecrets(rotating, new Date("2025-08-02T14:04:00Z")), [base.secret]);
  assert.equal(toSecrets(webhookSettings.parse({ ...base, previousSecret }), now).length, 2);
});
