import type { Finding } from "../../connectors/connector.ts";
import type { AmiMessage } from "../ami/message.ts";
import { hasModule, readFunction, readSetting } from "./functions.ts";
import { isThisMachine, readOpenFilesMax } from "./open-files.ts";
import { error, hasDialplan, ok, type Probe, type ProbedPbx, warning } from "./probe.ts";
import { toLookSnippet } from "./snippets.ts";

// Can the PBX carry campaigns, and what would stop them first? In practice it is open files: a call takes five, and one more that
// talks with Enlace; who presses a key to be connected takes as many again.

/** Of deploy/asterisk/extensions-dialer.conf. */
const CONTEXT = "enlace-ivr";
const FILES_PER_CALL = 12;
const PORTS_PER_CALL = 4;
/** Fewer calls at once are not worth a campaign. */
const CALLS_MIN = 200;

const MODULES: Readonly<Record<string, string>> = {
  res_agi: "Enlace cannot talk with who is called",
  app_amd: "answering machines are taken for people; it needs /etc/asterisk/amd.conf to load",
  app_waitforsilence: "no message can be left on answering machines",
  res_musiconhold: "who waits for an agent hears nothing",
};

export const probeDialer: Probe = async (pbx) => {
  const isThere = await hasDialplan(pbx, CONTEXT, "s");
  if (isThere !== true) {
    const how = "deploy/asterisk/extensions-dialer.conf, docs/ivr.md";
    return [ok("dialer", `no context ${CONTEXT}: it is not made for automatic calls (${how})`)];
  }
  const settings = await pbx.send({ name: "CoreSettings" });
  const granted = isThisMachine(pbx.settings.address.host) ? await readOpenFilesMax() : null;
  return [
    ok("dialer", `there is the context ${CONTEXT}`),
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
  const mend = `/etc/asterisk/asterisk.conf, section [options]: maxfiles = 65536; and where systemd starts Asterisk, \`systemctl edit asterisk\`:
[Service]
LimitNOFILE=65536
Then restart it; \`grep files /proc/$(pidof asterisk)/limits\` shows what it got.`;
  const findings: Finding[] = [];
  if (granted !== null && wished > granted)
    findings.push(
      warning("dialer:limit", `asterisk.conf wishes for ${wished} open files, and the process got ${granted}`, mend),
    );
  if (files === 0)
    findings.push(warning("dialer:files", "maxfiles is not set: the usual 1,024 open files are some 80 calls", mend));
  else if (files < CALLS_MIN * FILES_PER_CALL)
    findings.push(warning("dialer:files", `${files} open files are some ${toCalls(files)} calls`, mend));
  else if (files > 0) findings.push(ok("dialer:files", `${files} open files are some ${toCalls(files)} calls`));
  if (callsMax > 0 && callsMax < CALLS_MIN)
    findings.push(
      warning(
        "dialer:calls",
        `asterisk.conf lets it have ${callsMax} calls at once`,
        "Raise maxcalls, or take it out.",
      ),
    );
  return findings;
}

const toCalls = (files: number): number => Math.floor(files / FILES_PER_CALL);

async function lookAtModules(pbx: ProbedPbx): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [module, without] of Object.entries(MODULES)) {
    const isLoaded = await hasModule(pbx, module);
    if (isLoaded === null)
      return [warning("dialer:modules", ...unseen("func_module", "whether its modules are there"))];
    if (isLoaded) continue;
    const mend = `asterisk -rx "module load ${module}.so"; see modules.conf for why it is not loaded.`;
    const finding = module === "res_agi" ? error : warning;
    findings.push(finding(`dialer:${module}`, `${module} is not loaded: ${without}`, mend));
  }
  if (findings.length > 0) return findings;
  return (await hasAmdFile(pbx))
    ? [ok("dialer:modules", `${Object.keys(MODULES).join(", ")} are loaded`)]
    : [warning("dialer:app_amd", `amd.conf is missing or says nothing: ${MODULES.app_amd}`, AMD_MEND)];
}

const unseen = (module: string, what: string): [message: string, mend: string] => [
  `${module} is not loaded, so that nobody can see ${what}`,
  toLookSnippet(module),
];

const AMD_MEND = `/etc/asterisk/amd.conf, then \`asterisk -rx "module load app_amd.so"\`:
[general]
total_analysis_time = 5000`;
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
    return [warning("dialer:ports", ...unseen("func_config", "its RTP ports"))];
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
  const message = `RTP ports ${start} to ${end} are some ${Math.floor(ports / PORTS_PER_CALL)} calls`;
  if (ports >= CALLS_MIN * PORTS_PER_CALL) return [ok("dialer:ports", message)];
  const mend = "/etc/asterisk/rtp.conf: rtpstart = 10000, rtpend = 20000, in the firewall too; then restart Asterisk.";
  return [warning("dialer:ports", message, mend)];
}
