import type { Finding } from "../../connectors/connector.ts";
import type { AmiMessage } from "../ami/message.ts";
import { hasModule, readFunction, readSetting } from "./functions.ts";
import { mend } from "./mend-words.ts";
import { isThisMachine, readOpenFilesMax } from "./open-files.ts";
import { error, hasDialplan, ok, type Probe, type ProbedPbx, warning } from "./probe.ts";
import { toCommand, toLookSnippet } from "./snippets.ts";
import { say } from "./words.ts";

// Can the PBX carry campaigns, and what would stop them first? In practice it is open files: a call takes five, and one more that
// talks with Enlace; who presses a key to be connected takes as many again.

/** Of deploy/asterisk/extensions-dialer.conf. */
const CONTEXT = "enlace-ivr";
const FILES_PER_CALL = 12;
const PORTS_PER_CALL = 4;
/** Fewer calls at once are not worth a campaign. */
const CALLS_MIN = 200;

/** What is wrong without them. */
const MODULES = {
  res_agi: say("withoutAgi"),
  app_amd: say("withoutAmd"),
  app_waitforsilence: say("withoutSilence"),
  res_musiconhold: say("withoutMusic"),
};

export const probeDialer: Probe = async (pbx) => {
  const isThere = await hasDialplan(pbx, CONTEXT, "s");
  if (isThere !== true) {
    const pages = "deploy/asterisk/extensions-dialer.conf, docs/ivr.md";
    return [ok("dialer", say("notForDialer", { context: CONTEXT, pages }))];
  }
  const settings = await pbx.send({ name: "CoreSettings" });
  const granted = isThisMachine(pbx.settings.address.host) ? await readOpenFilesMax() : null;
  return [
    ok("dialer", say("contextThere", { context: CONTEXT })),
    ...toFileFindings(settings, granted),
    ...(await lookAtModules(pbx)),
    ...(await lookAtPorts(pbx)),
  ];
};

/**
 * Pure. `CoreMaxFilehandles` is `maxfiles` of asterisk.conf, 0 where it is not set: then the system's limit holds. `granted`: what
 * its process really got, where that can be seen.
 */
export function toFileFindings(settings: Pick<AmiMessage, "get">, granted: number | null = null): Finding[] {
  const wished = Number(settings.get("CoreMaxFilehandles") ?? Number.NaN);
  const files = granted ?? wished;
  const callsMax = Number(settings.get("CoreMaxCalls") ?? 0);
  const more = mend("files", {
    lines: "[Service]\nLimitNOFILE=65536",
    command: "`grep files /proc/$(pidof asterisk)/limits`",
  });
  const findings: Finding[] = [];
  if (granted !== null && wished > granted)
    findings.push(warning("dialer:limit", say("filesNotGranted", { wished, granted }), more));
  if (files === 0) findings.push(warning("dialer:files", say("filesUnset"), more));
  else if (files < CALLS_MIN * FILES_PER_CALL)
    findings.push(warning("dialer:files", say("filesOfCalls", { files, calls: toCalls(files) }), more));
  else if (files > 0) findings.push(ok("dialer:files", say("filesOfCalls", { files, calls: toCalls(files) })));
  if (callsMax > 0 && callsMax < CALLS_MIN)
    findings.push(warning("dialer:calls", say("callsMax", { calls: callsMax }), mend("callsMax")));
  return findings;
}

const toCalls = (files: number): number => Math.floor(files / FILES_PER_CALL);

async function lookAtModules(pbx: ProbedPbx): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [module, without] of Object.entries(MODULES)) {
    const isLoaded = await hasModule(pbx, module);
    if (isLoaded === null)
      return [warning("dialer:modules", say("modulesUnseen", { module: "func_module" }), toLookSnippet("func_module"))];
    if (isLoaded) continue;
    const how = mend("module", { command: `asterisk -rx "module load ${module}.so"` });
    const finding = module === "res_agi" ? error : warning;
    findings.push(finding(`dialer:${module}`, say("moduleAway", { module, without }), how));
  }
  if (findings.length > 0) return findings;
  return (await hasAmdFile(pbx))
    ? [ok("dialer:modules", say("modulesLoaded", { modules: Object.keys(MODULES) }))]
    : [warning("dialer:app_amd", say("amdSilent", { without: MODULES.app_amd }), AMD_MEND)];
}

const AMD_MEND = mend("amd", {
  command: toCommand("module load app_amd.so"),
  lines: "[general]\ntotal_analysis_time = 5000",
});
const AMD_SETTINGS = ["total_analysis_time", "initial_silence", "greeting", "silence_threshold"];

/** Asterisk counts app_amd as loaded when it could not start for want of its file. No function, no doubt. */
async function hasAmdFile(pbx: ProbedPbx): Promise<boolean> {
  if (!(await canReadFiles(pbx))) return true;
  for (const name of AMD_SETTINGS) if ((await readSetting(pbx, "amd.conf", name)) !== null) return true;
  return false;
}

/** AST_CONFIG is of func_config; who may not ask whether it is there is told nothing wrong. */
const canReadFiles = async (pbx: ProbedPbx): Promise<boolean> =>
  (await readFunction(pbx, "IFMODULE(func_config.so)")) === "1";

async function lookAtPorts(pbx: ProbedPbx): Promise<Finding[]> {
  if (await canReadFiles(pbx)) {
    const [start, end] = [await readSetting(pbx, "rtp.conf", "rtpstart"), await readSetting(pbx, "rtp.conf", "rtpend")];
    return toPortFindings({ start: toPort(start), end: toPort(end) });
  }
  if (!pbx.rights.actions.includes("GetConfig"))
    return [warning("dialer:ports", say("portsUnseen", { module: "func_config" }), toLookSnippet("func_config"))];
  const config = await pbx.send({ name: "GetConfig", fields: { Filename: "rtp.conf" } });
  const lines = config.fields.filter((_, index) => index % 2 === 1);
  const read = (name: string): number | undefined =>
    toPort(lines.findLast((line) => line.startsWith(`${name}=`))?.slice(name.length + 1) ?? null);
  return toPortFindings({ start: read("rtpstart"), end: read("rtpend") });
}

const toPort = (text: string | null): number | undefined =>
  text !== null && /^\d{1,5}$/.test(text) ? Number(text) : undefined;

interface Ports {
  start: number | undefined;
  end: number | undefined;
}

/** Pure. Asterisk's own range is 5,000 … 31,000. */
export function toPortFindings({ start = 5_000, end = 31_000 }: Ports): Finding[] {
  const ports = end - start + 1;
  const message = say("portsOfCalls", { start, end, calls: Math.floor(ports / PORTS_PER_CALL) });
  if (ports >= CALLS_MIN * PORTS_PER_CALL) return [ok("dialer:ports", message)];
  return [warning("dialer:ports", message, mend("ports"))];
}
