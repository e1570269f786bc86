import { createSentences } from "../../core/sentence.ts";

/** Why the stored settings of a connection cannot be used. */
export const CONNECTION_SENTENCES = {
  noConnector: 'this version of Enlace has no connector "{connector}"',
  badSetting: "setting {setting}: {said}; save it anew",
  sealed: "its secrets do not open ({said}); save them anew",
  maskAlone: "the mask stands for no stored secret; enter the secret",
} as const;

export const say = createSentences("connection", CONNECTION_SENTENCES);
