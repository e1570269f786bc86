import { toErrorMessage } from "../../core/errors.ts";
import { createSentences, hasSentence, type Sentence } from "../../core/sentence.ts";

/** Why there is no session with a PBX. `said` is Asterisk's own, `error` the machine's. */
export const AMI_SENTENCES = {
  refused: "the PBX refused the login: {said}",
  noChallenge: "the PBX refused the login: it sent no challenge",
  refusedSilently: "the PBX refused the login and gave no reason",
  closed: "the PBX closed the connection",
  notManager: "this is not an Asterisk Manager port",
  noAnswer: "the PBX did not answer {action} within {ms} ms",
  unlisted: "the AMI user may not list channels: {said}",
  nobodyListens: "nobody listens there ({error})",
  noName: "the name of the PBX leads nowhere ({error})",
  noWay: "the PBX cannot be reached ({error})",
  silent: "the PBX does not speak ({error})",
  cut: "the connection to the PBX was cut ({error})",
  failed: "{error}",
  away: "the PBX is away",
  awayBecause: "the PBX is away: {why}",
  lost: "the connection to the PBX was lost: {why}",
  busy: "too many actions wait for this PBX",
  listLong: "the PBX sent a list of more than {max} items",
  unwanted: "nobody waits for {action} any more",
} as const;

export const say = createSentences("ami", AMI_SENTENCES);

/** By the machine's code of the error. */
const BY_CODE: Readonly<Record<string, "nobodyListens" | "noName" | "noWay" | "cut">> = {
  ECONNREFUSED: "nobodyListens",
  ENOTFOUND: "noName",
  EAI_AGAIN: "noName",
  EHOSTUNREACH: "noWay",
  ENETUNREACH: "noWay",
  ETIMEDOUT: "noWay",
  ECONNRESET: "cut",
  EPIPE: "cut",
};

/** What an error of a session means to the person who looks after the PBX. */
export function toAmiProblem(failure: unknown): Sentence {
  if (hasSentence(failure)) return failure.sentence;
  const error = toErrorMessage(failure);
  if (!(failure instanceof Error)) return say("failed", { error });
  if (failure.name === "TimeoutError") return say("silent", { error });
  const code = "code" in failure ? String(failure.code) : "";
  return say(BY_CODE[code] ?? "failed", { error });
}
