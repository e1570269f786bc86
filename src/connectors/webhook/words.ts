import { createSentences } from "../../core/sentence.ts";

/** What a receiver's answer means, and what a check of it finds. `said` is the receiver's own. */
export const WEBHOOK_SENTENCES = {
  status: "HTTP {status}",
  answered: "HTTP {status}: {said}",
  redirected: "{answer} (redirects are not followed; give the final address)",
  unencrypted: "calls travel unencrypted",
  unencryptedMend: "Use https:// unless the receiver stands on this very network.",
  took: "the receiver took a signed test message (type enlace.check)",
  tookNot: "the receiver did not take a signed test message: {why}",
  tookNotMend: "Check the address and the secret; the receiver must answer 2xx to messages of type enlace.check too.",
} as const;

export const say = createSentences("webhook", WEBHOOK_SENTENCES);
