// Asterisk with a callee on the line, as the IVR's FastAGI session sees them.

export interface FakeCallee {
  /** AMDSTATUS; absent: Asterisk has no AMD. */
  amd?: "HUMAN" | "MACHINE" | "NOTSURE" | "HANGUP" | "";
  amdCause?: string;
  /** Keys pressed while these sounds are heard; they count only when they are listened to. */
  keysDuring?: Readonly<Record<string, string>>;
  /** Keys pressed when one is waited for, "" for none; after the last one none. */
  keys?: readonly string[];
  /** Sounds that Asterisk does not have. */
  missing?: readonly string[];
  /** Hangs up when this command comes. */
  hangsUpAt?: RegExp;
  /** Hangs up as soon as this command is carried out. */
  hangsUpAfter?: RegExp;
  /** Says nothing to this command, and never again. */
  silentAt?: RegExp;
  /** How each party that is rung behaves, in order; the last one again and again. */
  dials?: readonly { status: string; dialed?: number; answered?: number }[];
}

const DEAD = "511 Command Not Permitted on a dead channel or intercept routine";
const SAFE_WHEN_DEAD = /^(GET|SET) VARIABLE/;

/** For `callAgi`: what Asterisk replies to each command. */
export function createFakeCallee(callee: FakeCallee): (command: string) => string | undefined {
  const variables = new Map<string, string | number>();
  const keys = [...(callee.keys ?? [])];
  const dials = [...(callee.dials ?? [])];
  let isGone = false;
  const toReply = (key: string | undefined): string => `200 result=${key ? key.charCodeAt(0) : 0}`;

  function exec(application: string): string {
    if (application === "AMD" && callee.amd === undefined) return "200 result=-2";
    if (application === "AMD") {
      variables.set("AMDSTATUS", callee.amd ?? "").set("AMDCAUSE", callee.amdCause ?? "");
      if (callee.amd === "HANGUP") return hangUp("200 result=-1");
    }
    if (application === "Dial") {
      const { status, dialed = 0, answered = 0 } = (dials.length > 1 ? dials.shift() : dials[0]) ?? { status: "" };
      variables.set("DIALSTATUS", status).set("DIALEDTIME", dialed).set("ANSWEREDTIME", answered);
      if (status === "CANCEL") return hangUp("200 result=-1");
    }
    return "200 result=0";
  }

  function hangUp(reply: string): string {
    isGone = true;
    return `${reply}\nHANGUP`;
  }

  return (command) => {
    const [first = "", second = ""] = [...command.matchAll(/"([^"]*)"/g)].map(([, word]) => word);
    if (isGone && !SAFE_WHEN_DEAD.test(command)) return DEAD;
    if (callee.silentAt?.test(command)) return undefined;
    if (callee.hangsUpAfter?.test(command)) return hangUp("200 result=0");
    if (callee.hangsUpAt?.test(command)) {
      if (command.startsWith("EXEC")) exec(first);
      return hangUp("200 result=-1");
    }
    if (command.startsWith("EXEC")) return exec(first);
    if (command.startsWith("GET VARIABLE")) {
      const value = variables.get(first);
      return value === undefined ? "200 result=0" : `200 result=1 (${value})`;
    }
    if (command.startsWith("STREAM FILE")) {
      if (callee.missing?.includes(first)) return "200 result=-1";
      const key = callee.keysDuring?.[first];
      return toReply(key !== undefined && second.includes(key) ? key : undefined);
    }
    if (command.startsWith("WAIT FOR DIGIT")) return toReply(keys.shift());
    if (command === "HANGUP") return hangUp("200 result=1");
    return "200 result=0";
  };
}
