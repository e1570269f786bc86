import type { CheckReport, Finding } from "../connectors/connector.ts";
import { toErrorMessage } from "../core/errors.ts";
import type { PbxRecord } from "../core/pbx-record.ts";
import { RefusedAddress } from "../kit/address-guard.ts";
import type { Clock } from "../kit/clock.ts";
import { AmiLoginRefusedError, AmiSession } from "./ami/session.ts";
import { type AmiRights, loadAmiRights } from "./ami-rights.ts";
import type { PbxSettings } from "./pbx.ts";

const RIGHTS_LINE = "write = call,originate,reporting,agent,user";

export interface PbxCheckOptions {
  /** Throws `RefusedAddress` when this installation does not let the tenant reach it. */
  toSettings(record: PbxRecord): PbxSettings;
  clock: Clock;
}

/** Logs in on a connection of its own, whoever owns the PBX, and says what the AMI user lacks and what it should not have. */
export function createPbxCheck({ toSettings, clock }: PbxCheckOptions) {
  return async (record: PbxRecord, signal: AbortSignal): Promise<CheckReport> => {
    const settings = toSettingsOrFinding(record, toSettings);
    const findings = "level" in settings ? [settings] : await examine(settings, clock, signal);
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

async function examine({ address }: PbxSettings, clock: Clock, signal: AbortSignal): Promise<Finding[]> {
  let session: AmiSession;
  try {
    const nothing = (): void => undefined;
    const hooks = { onEvent: nothing, onOversized: nothing };
    session = await AmiSession.open({ address, eventClasses: "off", clock, ...hooks }, signal);
  } catch (error) {
    return [toLoginFinding(error, `${address.host}:${address.port}`)];
  }
  try {
    const login: Finding = { level: "ok", subject: "login", message: `logged in to ${session.banner}` };
    return [login, ...toRightsFindings(await loadAmiRights((action) => session.send(action, { signal })))];
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
export function toRightsFindings({ missing, dangerous }: AmiRights): Finding[] {
  const findings: Finding[] = missing.map((action) => ({
    level: / or /.test(action) ? "error" : "warning",
    subject: `right:${action}`,
    message: `the AMI user may not ${action}`,
    mend: `In its section of manager.conf: ${RIGHTS_LINE}; then "manager reload" on the PBX.`,
  }));
  if (dangerous.length > 0)
    findings.push({
      level: "warning",
      subject: "rights",
      message: `the AMI user may do what lets it run commands on the PBX: ${dangerous.join(", ")}`,
      mend: `Take system, command, config and all out of its write line: ${RIGHTS_LINE}.`,
    });
  return findings.length > 0 ? findings : [{ level: "ok", subject: "rights", message: "what it needs and no more" }];
}
