import { createSentences } from "../../core/sentence.ts";

/** Why the stored settings of a connection cannot be used. */
export const CONNECTION_SENTENCES = {
  noConnector: 'this version of Enlace has no connector "{connector}"',
  badSetting: "setting {setting}: {said}; save it anew",
  sealed: "its secrets do not open ({said}); save them anew",
  maskAlone: "the mask stands for no stored secret; enter the secret",
  none: "There is no such connection.",
  tooMany: "A tenant has at most {max} connections.",
  nameTaken: 'There is a connection named "{name}" already.',
  noFields: "{title} has no fields that values could be mapped to.",
  noUsers: "{title} has no users that extensions could be mapped to.",
} as const;

export const say = createSentences("connection", CONNECTION_SENTENCES);
