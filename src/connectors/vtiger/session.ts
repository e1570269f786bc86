import { createHash } from "node:crypto";
import { z } from "zod";
import type { ConnectorContext, Run } from "../connector.ts";
import { VtigerFailure } from "./answer.ts";
import { type loginAnswer, parseKept, type VtigerSettings } from "./schema.ts";
import { say } from "./words.ts";

/** Who we are over there. */
export interface Identity {
  /** A secret: whoever has it acts as us. */
  sessionName: string;
  userId: string;
  /** As Vtiger says: `8.4.0`. */
  version: string;
  /** `undefined` where Vtiger does not tell (before 7.5). */
  isAdmin: boolean | undefined;
}

export interface VtigerSession {
  /** Runs `work` logged in; when the session turns out to be lost, logs in once more and repeats it. */
  use<T>(run: Run, work: (identity: Identity) => Promise<T>): Promise<T>;
  /** Logs in anew, for everybody. */
  renew(run: Run): Promise<Identity>;
}

export interface VtigerSessionOptions {
  context: ConnectorContext<VtigerSettings>;
  /** Challenge and log-in. */
  logIn(run: Run): Promise<z.infer<typeof loginAnswer>>;
}

const MEMORY_KEY = "session";
/** PHP drops idle sessions after 24 minutes unless told otherwise. */
const SESSION_TTL_MS = 15 * 60_000;
const LOGINS_MAX = 3;
const LOGIN_PAUSE_MS = 400;

const keptIdentity = z.object({
  sessionName: z.string(),
  userId: z.string(),
  version: z.string(),
  isAdmin: z.boolean().optional(),
  settings: z.string(),
});

/**
 * One session of one CRM user, shared by all our processes. Vtiger forgets a user's challenge when the next one is asked
 * for, so overlapping log-ins of one user break each other: they run one at a time under `exclusive("login")`, whoever
 * waited takes over what the one before it got, and "wrong credentials" is believed only after several tries.
 */
export function createVtigerSession({ context, logIn }: VtigerSessionOptions): VtigerSession {
  const { memory, settings, clock } = context;
  const fingerprint = toFingerprint(settings);
  let current: Identity | undefined;

  async function loadKept(): Promise<Identity | undefined> {
    const kept = parseKept(keptIdentity, await memory.load(MEMORY_KEY));
    if (kept === undefined || kept.settings !== fingerprint) return undefined;
    const { sessionName, userId, version, isAdmin } = kept;
    return { sessionName, userId, version, isAdmin };
  }

  async function logInPatiently(run: Run): Promise<Identity> {
    for (let tries = 1; ; tries++) {
      try {
        const { sessionName, userId, vtigerVersion, is_admin } = await logIn(run);
        const isAdmin = is_admin === undefined ? undefined : is_admin === "on";
        return { sessionName, userId, version: vtigerVersion, isAdmin };
      } catch (error) {
        const failure = toLoginFailure(error);
        if (!(failure instanceof VtigerFailure) || failure.kind !== "credentials" || tries === LOGINS_MAX)
          throw failure;
        await clock.sleep(LOGIN_PAUSE_MS * tries + toJitterMs(clock.monotonicMs()), run.signal);
      }
    }
  }

  /** `lost` names the session that no longer works; `undefined` accepts any that stands. */
  function obtain(run: Run, lost: string | undefined, fresh = false): Promise<Identity> {
    return context.exclusive("login", run.signal, async (signal) => {
      if (!fresh) {
        if (current !== undefined && current.sessionName !== lost) return current;
        const kept = await loadKept();
        if (kept !== undefined && kept.sessionName !== lost) {
          current = kept;
          return kept;
        }
      }
      current = undefined;
      const identity = await logInPatiently({ ...run, signal });
      current = identity;
      await memory.save(MEMORY_KEY, JSON.stringify({ ...identity, settings: fingerprint }), SESSION_TTL_MS);
      return identity;
    });
  }

  return {
    renew: (run) => obtain(run, undefined, true),
    use: async (run, work) => {
      const identity = current ?? (await obtain(run, undefined));
      try {
        return await work(identity);
      } catch (error) {
        if (!isLostSession(error)) throw error;
      }
      const renewed = await obtain(run, identity.sessionName);
      try {
        return await work(renewed);
      } catch (error) {
        if (!isLostSession(error)) throw error;
        throw new VtigerFailure("busy", say("forgetsSessions", { why: error.sentence }));
      }
    },
  };
}

const isLostSession = (error: unknown): error is VtigerFailure =>
  error instanceof VtigerFailure && error.kind === "session";

/** An unknown user shows as a missing right at the challenge; both are one thing to the administrator. */
function toLoginFailure(error: unknown): unknown {
  if (!(error instanceof VtigerFailure)) return error;
  if (error.kind !== "denied" && error.kind !== "session") return error;
  return new VtigerFailure("credentials", error.sentence, { code: error.code });
}

/** So that processes which failed together do not try together again; as good as chance for that. */
const toJitterMs = (monotonicMs: number): number => Math.round((monotonicMs * 7919) % 500);

/** A session kept under other settings is not ours any more. */
function toFingerprint({ url, username, accessKey }: VtigerSettings): string {
  return createHash("sha256")
    .update(JSON.stringify([url, username, accessKey]))
    .digest("hex")
    .slice(0, 16);
}
