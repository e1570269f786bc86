import { type Sentence, toReason } from "../core/sentence.ts";
import type { Finding } from "./connector.ts";

/** One finding of a check: what is wrong, or right, and how to mend it. */
export function toOneFinding(
  level: Finding["level"],
  subject: string,
  { said, mend }: { said: Sentence; mend?: Sentence | undefined },
): Finding {
  const { reason: message, words } = toReason(said);
  if (!mend) return { level, subject, message, words };
  const { reason, words: mendWords } = toReason(mend);
  return { level, subject, message, words, mend: reason, mendWords };
}
