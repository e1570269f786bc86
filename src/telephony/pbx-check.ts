import type { CheckReport, Finding } from "../connectors/connector.ts";
import { toErrorMessage } from "../core/errors.ts";
import type { PbxRecord } from "../core/pbx-record.ts";
import { RefusedAddress } from "../kit/address-guard.ts";
import type { Clock } from "../kit/clock.ts";
import type { HttpRequester } from "../kit/http-client.ts";
import type { AmiAction } from "./ami/action.ts";
import type { AmiMessage } from "./ami/message.ts";
import { type AmiList, AmiLoginRefusedError, AmiSession } from "./ami/session.ts";
import { type AmiRights, loadAmiRights } from "./ami-rights.ts";
import type { PbxSettings } from "./pbx.ts";
import { probeCdr } from "./probes/cdr-probe.ts";
import { probeClock } from "./probes/clock-probe.ts";
import { probeCodecs } from "./probes/codec-probe.ts";
import { probeDialer } from "./probes/dialer-probe.ts";
import { probeDialplan } from "./probes/dialplan-probe.ts";
import { probePeers } from "./probes/peers-probe.ts";
import { type Probe, runProbes } from "./probes/probe.ts";
import { toManagerSnippet } from "./probes/snippets.ts";
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
    const mend = "Give another address, or set ENLACE_ALLOW_LOOPBACK_TARGETS or ENLACE_ALLOW_PRIVATE_TARGETS.";
    return { level: "error", subject: "address", message: error.message, mend };
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
    const login: Finding = { level: "ok", subject: "login", message: `logged in to ${session.banner}` };
    return [login, ...toRightsFindings(rights, address.username), ...(await runProbes(PROBES, probed))];
  } catch (error) {
    return [{ level: "error", subject: "rights", message: toErrorMessage(error), mend: "Try again." }];
  } finally {
    session.close(new Error("the check is over"));
  }
}

function toLoginFinding(error: unknown, where: string): Finding {
  const message = toErrorMessage(error);
  if (error instanceof AmiLoginRefusedError) {
    const mend =
      "Compare name and secret with manager.conf, and its deny and permit lines with this machine's address.";
    return { level: "error", subject: "login", message, mend };
  }
  const mend = `Is ${where} right, enabled = yes and bindaddr set in manager.conf, and the port open in the firewall?`;
  return { level: "error", subject: "connection", message, mend };
}

/** Pure. Without a list of live channels calls would be missed after every gap; the other rights each cost a feature. */
export function toRightsFindings({ missing, dangerous }: AmiRights, username = "enlace"): Finding[] {
  const mend = `On FreePBX and Issabel in manager_custom.conf. ${toManagerSnippet(username, false)}`;
  const findings: Finding[] = missing.map((action) => ({
    level: / or /.test(action) ? "error" : "warning",
    subject: `right:${action}`,
    message: `the AMI user may not ${action}`,
    mend,
  }));
  if (dangerous.length > 0)
    findings.push({
      level: "warning",
      subject: "rights",
      message: `the AMI user may do what lets it run commands on the PBX: ${dangerous.join(", ")}`,
      mend: `Take system, command, config and all out of its write line. ${mend}`,
    });
  return findings.length > 0 ? findings : [{ level: "ok", subject: "rights", message: "what it needs and no more" }];
}
