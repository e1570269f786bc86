import type { DeliveryOutcome } from "../../core/delivery-outcome.ts";
import { toReason } from "../../core/sentence.ts";
import { type HttpAnswer, HttpFailure } from "../../kit/http-client.ts";
import { maskTexts } from "../../kit/masking.ts";
import { parseRetryAfterMs } from "../../kit/retry-after.ts";
import type { ConnectorContext, Run } from "../connector.ts";
import { toHttpWords } from "../http-words.ts";
import type { WebhookMessage } from "./mapping.ts";
import type { WebhookSettings } from "./schema.ts";
import { toSecrets, toSignatureHeaders } from "./signature.ts";
import { say } from "./words.ts";

const EXCERPT_MAX = 200;

/** Posts one message and says what came of it. Never throws for what the receiver does. */
export async function postMessage(
  { settings, clock }: ConnectorContext<WebhookSettings>,
  message: WebhookMessage,
  run: Run,
): Promise<DeliveryOutcome> {
  const now = clock.now();
  const secrets = toSecrets(settings, now);
  try {
    const answer = await run.http({
      method: "POST",
      url: settings.url,
      headers: { "content-type": "application/json", ...toSignatureHeaders(settings, message, now) },
      body: message.body,
      timeoutMs: settings.timeoutSeconds * 1000,
      signal: run.signal,
      secrets,
      cutLargeAnswer: true, // nobody reads it
    });
    return toOutcome(answer, { message, now, secrets });
  } catch (error) {
    if (error instanceof HttpFailure) return toFailedOutcome(error);
    throw error;
  }
}

interface Sent {
  message: WebhookMessage;
  now: Date;
  secrets: readonly string[];
}

/** Any 2xx is taken for "I have it"; what refuses this message for good is 4xx, but for those that pass or mean us. */
function toOutcome({ status, headers, text }: HttpAnswer, { message, now, secrets }: Sent): DeliveryOutcome {
  if (status >= 200 && status < 300) return { kind: "delivered", remote: { id: message.id } };
  const excerpt = maskTexts(text, secrets).replaceAll(/\s+/g, " ").trim().slice(0, EXCERPT_MAX);
  const answer = excerpt === "" ? say("status", { status }) : say("answered", { status, said: excerpt });
  if (status < 400) return { kind: "hold", ...toReason(say("redirected", { answer })) };
  const why = toReason(answer);
  if (status === 401 || status === 403 || status === 407) return { kind: "hold", ...why };
  const passes = status === 404 || status === 408 || status === 425 || status === 429 || status >= 500;
  if (!passes) return { kind: "rejected", ...why };
  const afterMs = parseRetryAfterMs(headers["retry-after"], now);
  return { kind: "retry", ...why, ...(afterMs !== undefined && { afterMs }) };
}

function toFailedOutcome(failure: HttpFailure): DeliveryOutcome {
  return { kind: failure.reason === "refused_address" ? "hold" : "retry", ...toReason(toHttpWords(failure)) };
}
