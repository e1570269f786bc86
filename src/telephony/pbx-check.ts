import type { CheckReport, Finding } from "../connectors/connector.ts";
import { toErrorMessage } from "../core/errors.ts";
import type { PbxRecord } from "../core/pbx-record.ts";
import { RefusedAddress } from "../kit/address-guard.ts";
import type { Clock } from "../kit/clock.ts";
import type { HttpRequester } from "../kit/http-client.ts";
import type { AmiAction } from "./ami/action.ts";
import type { AmiMessage } from "./ami/message.ts";
import { type AmiList, AmiLoginRefusedError, AmiSession } from "./ami/session.ts";
import { toAmiProblem } from "./ami/words.ts";
import { type AmiRights, loadAmiRights } from "./ami-rights.ts";
import type { PbxSettings } from "./pbx.ts";
import { probeCdr } from "./probes/cdr-probe.ts";
import { probeClock } from "./probes/clock-probe.ts";
import { probeCodecs } from "./probes/codec-probe.ts";
import { probeDialer } from "./probes/dialer-probe.ts";
import { probeDialplan } from "./probes/dialplan-probe.ts";
import { mend } from "./probes/mend-words.ts";
import { probePeers } from "./probes/peers-probe.ts";
import { ok, type Probe, runProbes, error as toError, warning } from "./probes/probe.ts";
import { toManagerSnippet } from "./probes/snippets.ts";
import { say } from "./probes/words.ts";
import { probeWss } from "./probes/wss-probe.ts";

/** What a check looks at, once it is in. */
const PROBES: Readonly<Record<string, Probe>> = {
  contexts: probeDialplan,
  peers: probePeers,
  codecs: probeCodecs,
  wss: probeWss,
  clock: probeClock,
  cdr: probeCdr,
  dialer: probeDialer,
};

export interface PbxCheckOptions {
  /** Throws `RefusedAddress` when this installation does not let the tenant reach it. */
  toSettings(record: PbxRecord): PbxSettings;
  clock: Clock;
  /** Asks for the PBX's web server, by the same rules as every request of a tenant. */
  http: HttpRequester;
}

/**
 * Logs in on a connection of its own, whoever owns the PBX, and says what the AMI user lacks and should not have, and what else
 * stands in the way: contexts, trunks, codecs, browsers' way in, clock, call records. Changes nothing over there.
 */
export function createPbxCheck(options: PbxCheckOptions) {
  return async (record: PbxRecord, signal: AbortSignal): Promise<CheckReport> => {
    const settings = toSettingsOrFinding(record, options.toSettings);
    const findings = "level" in settings ? [settings] : await examine(settings, options, signal);
    return { ok: findings.every(({ level }) => level !== "error"), findings };
  };
}

function toSettingsOrFinding(record: PbxRecord, toSettings: PbxCheckOptions["toSettings"]): PbxSettings | Finding {
  try {
    return toSettings(record);
  } catch (error) {
    if (!(error instanceof RefusedAddress)) throw error;
    return toError("address", say("addressRefused", { error: error.message }), mend("address"));
  }
}

async function examine(settings: PbxSettings, options: PbxCheckOptions, signal: AbortSignal): Promise<Finding[]> {
  const { address } = settings;
  let booted: AmiMessage | undefined;
  let session: AmiSession;
  try {
    session = await AmiSession.open(
      {
        ...{ address, clock: options.clock, eventClasses: "system" },
        onEvent: (message) => {
          if (message.get("Event") === "FullyBooted") booted = message;
        },
        onOversized: () => undefined,
      },
      signal,
    );
  } catch (error) {
    return [toLoginFinding(error, `${address.host}:${address.port}`)];
  }
  try {
    const send = (action: AmiAction): Promise<AmiMessage> => session.send(action, { signal });
    const list = (action: AmiAction): Promise<AmiList> => session.list(action, { signal });
    const rights = await loadAmiRights(send);
    const probed = { ...options, settings, rights, send, list, booted: () => booted, signal };
    const login = ok("login", say("loggedIn", { banner: session.banner }));
    return [login, ...toRightsFindings(rights, address.username), ...(await runProbes(PROBES, probed))];
  } catch (error) {
    return [toError("rights", say("rightsUnread", { error: toErrorMessage(error) }), mend("again"))];
  } finally {
    session.close(new Error("the check is over"));
  }
}

function toLoginFinding(error: unknown, where: string): Finding {
  const problem = toAmiProblem(error);
  if (error instanceof AmiLoginRefusedError) return toError("login", problem, mend("login"));
  return toError("connection", problem, mend("connection", { where }));
}

/** Pure. Without a list of live channels calls would be missed after every gap; the other rights each cost a feature. */
export function toRightsFindings({ missing, dangerous }: AmiRights, username = "enlace"): Finding[] {
  const rights = mend("rights", { snippet: toManagerSnippet(username, false) });
  const findings: Finding[] = missing.map((action) =>
    (/ or /.test(action) ? toError : warning)(`right:${action}`, say("rightMissing", { action }), rights),
  );
  if (dangerous.length > 0) {
    const message = say("rightsDangerous", { actions: dangerous });
    findings.push(warning("rights", message, mend("dangerousRights", { rights })));
  }
  return findings.length > 0 ? findings : [ok("rights", say("rightsFine"))];
}
