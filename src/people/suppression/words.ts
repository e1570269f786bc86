import { createSentences } from "../../core/sentence.ts";

/** What the do-not-call list refuses. */
export const SUPPRESSION_SENTENCES = {
  none: "There is no such entry.",
  noProject: "There is no such project.",
  noCampaign: "There is no such campaign.",
  large: "The file is larger than 25 MB; its beginning was taken.",
  linesMax: "The list has more than {max} lines.",
} as const;

export const say = createSentences("suppression", SUPPRESSION_SENTENCES);
