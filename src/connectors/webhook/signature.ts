import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import type { WebhookMessage } from "./mapping.ts";
import type { WebhookSettings } from "./schema.ts";

type Secrets = Pick<WebhookSettings, "secret" | "previousSecret" | "previousSecretUntil">;

/**
 * Signs a message twice: by Standard Webhooks (https://www.standardwebhooks.com: `webhook-id`, `webhook-timestamp`,
 * `webhook-signature`), which also covers id and time, and with the older middleware's `X-Signature`, hex HMAC-SHA256 of
 * the body alone with the secret as written. While a previous secret is still good, both are signed with it as well.
 */
export function toSignatureHeaders(settings: Secrets, message: WebhookMessage, now: Date): Record<string, string> {
  const timestamp = String(Math.floor(now.getTime() / 1000));
  const secrets = toSecrets(settings, now);
  const signed = `${message.id}.${timestamp}.${message.body}`;
  const [current = "", previous] = secrets.map((secret) =>
    createHmac("sha256", secret).update(message.body).digest("hex"),
  );
  return {
    "webhook-id": message.id,
    "webhook-timestamp": timestamp,
    "webhook-signature": secrets.map((secret) => `v1,${sign(secret, signed)}`).join(" "),
    "X-Signature": current,
    ...(previous !== undefined && { "X-Signature-Previous": previous }),
  };
}

/** The current secret first; the previous one until its time has come, or as long as it is there if no time is given. */
export function toSecrets({ secret, previousSecret, previousSecretUntil }: Secrets, now: Date): string[] {
  const isGood = previousSecretUntil === undefined || now < new Date(previousSecretUntil);
  return previousSecret !== undefined && isGood ? [secret, previousSecret] : [secret];
}

function sign(secret: string, text: string): string {
  return createHmac("sha256", toKey(secret)).update(text).digest("base64");
}

/** `whsec_` announces base64; any other text is the key as it is. A key object, since Node takes five times as long with bytes. */
export function toKey(secret: string): KeyObject {
  const encoded = secret.startsWith("whsec_") ? secret.slice("whsec_".length) : "";
  return encoded === "" ? createSecretKey(secret, "utf8") : createSecretKey(encoded, "base64");
}
