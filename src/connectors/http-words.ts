import { createSentences, type Sentence } from "../core/sentence.ts";
import type { HttpFailure } from "../kit/http-client.ts";

/** Why there was no answer, by the reasons of kit/http-client.ts; `said` is the detail of the machine. */
export const HTTP_SENTENCES = {
  refused_address: "refused_address: {said}",
  dns: "dns: {said}",
  connect: "connect: {said}",
  timeout: "timeout: {said}",
  cut: "cut: {said}",
  too_large: "too_large: {said}",
  aborted: "aborted: {said}",
  tls: "tls: {said}",
} as const satisfies Record<HttpFailure["reason"], string>;

const say = createSentences("http", HTTP_SENTENCES);

export function toHttpWords({ reason, message }: Pick<HttpFailure, "reason" | "message">): Sentence {
  return say(reason, { said: message });
}
