import { toSignature } from "../../src/intake/signature.ts";
import type { Chance } from "./chance.ts";
import type { PlannedPost } from "./scenario.ts";
import type { Trace } from "./trace.ts";

/** The other side of the front door: what it sent, and what became of it. */
export interface Pbx {
  /** Sends every post at its time, to whatever process it picks; resolves when each has its answer or was given up. */
  play(posts: readonly PlannedPost[]): Promise<void>;
  /** Stops the patience: what has no answer yet is given up. */
  giveUp(): void;
  /** Answered with 2xx: must never be lost. */
  acknowledged(): readonly PlannedPost[];
  /** Good requests that were not acknowledged: Enlace may have them or not. */
  unknown(): readonly PlannedPost[];
  /** Answers that no rule allows, in words. */
  wrongAnswers(): readonly string[];
}

export interface PbxOptions {
  urls: readonly [string, ...string[]];
  secret: string;
  chance: Chance;
  trace: Trace;
}

const ANSWER_TIMEOUT_MS = 8_000;
const EXPECTED: Record<PlannedPost["fault"], readonly number[]> = {
  none: [200, 202],
  "bit flipped": [401],
  "bad json": [400],
  "bad field": [422],
};

export function createPbx({ urls, secret, chance, trace }: PbxOptions): Pbx {
  const acknowledged: PlannedPost[] = [];
  const unknown = new Set<PlannedPost>();
  const wrongAnswers: string[] = [];
  let patient = true;

  async function send(post: PlannedPost): Promise<void> {
    for (let tries = 1; patient; tries++) {
      const answer = await ask(post, chance.pick(urls));
      const isFinal = answer !== undefined && answer.status !== 503;
      if (answer)
        trace.add("pbx", `${post.callUuid} ${toTold(post)} → ${answer.status} ${answer.word} at try ${tries}`);
      if (isFinal) return settle(post, answer.status);
      if (post.fault === "none") unknown.add(post); // a 503 too: the commit may have gone through without its answer
      if (post.patience === "one try") return;
      await pause(chance.between(50, 150 * Math.min(tries, 10)));
    }
  }

  function settle(post: PlannedPost, status: number): void {
    unknown.delete(post);
    if (!EXPECTED[post.fault].includes(status))
      wrongAnswers.push(`${post.callUuid} ${toTold(post)} was answered ${status}`);
    if (status < 300) acknowledged.push(post);
  }

  async function ask(post: PlannedPost, url: string): Promise<{ status: number; word: string } | undefined> {
    const signature = toSignature(post.body, secret);
    const headers = {
      "content-type": "application/json",
      "x-signature": post.fault === "bit flipped" ? flipBit(signature) : signature,
    };
    try {
      const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
      const answer = await fetch(`${url}/webhook/call`, { method: "POST", headers, body: post.body, signal });
      const text = await answer.text();
      return { status: answer.status, word: /"(?:status|code)":"(\w+)"/.exec(text)?.[1] ?? "" };
    } catch {
      return undefined; // refused, cut or too slow: the process is down, or was killed before it answered
    }
  }

  return {
    play: async (posts) => {
      const startedAt = performance.now();
      await Promise.all(
        posts.map(async (post) => {
          await pause(post.atMs - (performance.now() - startedAt));
          await send(post);
        }),
      );
    },
    giveUp: () => {
      patient = false;
    },
    acknowledged: () => acknowledged,
    unknown: () => [...unknown],
    wrongAnswers: () => wrongAnswers,
  };
}

/** `ringing`, `answered until 08:01:30 by 1001 recorded`. */
export function toTold({ body, fault }: Pick<PlannedPost, "body" | "fault">): string {
  const word = (name: string): string | undefined => new RegExp(`"${name}":\\s*"([^"]*)"`).exec(body)?.[1];
  const end = word("end_time");
  return [
    fault === "none" ? "" : `(${fault})`,
    word("status"),
    end && `until ${end.slice(11, 19)}`,
    word("agent_ext") && `by ${word("agent_ext")}`,
    word("recording_url") && "recorded",
  ]
    .filter(Boolean)
    .join(" ");
}

function flipBit(hex: string): string {
  return (Number.parseInt(hex[0] ?? "0", 16) ^ 1).toString(16) + hex.slice(1);
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
