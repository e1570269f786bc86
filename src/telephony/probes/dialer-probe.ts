import type { Finding } from "../../connectors/connector.ts";
import type { AmiMessage } from "../ami/message.ts";
import { error, hasDialplan, ok, type Probe, type ProbedPbx, warning } from "./probe.ts";

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
  return [
    ok("dialer", `there is the context ${CONTEXT}`),
    ...toFileFindings(settings),
    ...(await findMissingModules(pbx)),
    ...(await lookAtPorts(pbx)),
  ];
};

/** Pure. `CoreMaxFilehandles` is `maxfiles` of asterisk.conf, 0 where it is not set: then the system's limit holds. */
export function toFileFindings(settings: Pick<AmiMessage, "get">): Finding[] {
  const files = Number(settings.get("CoreMaxFilehandles") ?? Number.NaN);
  const callsMax = Number(settings.get("CoreMaxCalls") ?? 0);
  const mend = `/etc/asterisk/asterisk.conf, section [options]: maxfiles = 65536; and where systemd starts Asterisk, \`systemctl edit asterisk\`:
[Service]
LimitNOFILE=65536
Then restart it; \`grep files /proc/$(pidof asterisk)/limits\` shows what it got.`;
  const findings: Finding[] = [];
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

/** Only who may run commands may ask; for others the attempts' own failures tell. */
async function findMissingModules(pbx: ProbedPbx): Promise<Finding[]> {
  if (!pbx.rights.actions.includes("ModuleCheck")) return [];
  const findings: Finding[] = [];
  for (const [module, without] of Object.entries(MODULES)) {
    const answer = await pbx.send({ name: "ModuleCheck", fields: { Module: module } });
    if (answer.get("Response") !== "Error" || !/not loaded/i.test(answer.get("Message") ?? "")) continue;
    const mend = `asterisk -rx "module load ${module}.so"; see modules.conf for why it is not loaded.`;
    const finding = module === "res_agi" ? error : warning;
    findings.push(finding(`dialer:${module}`, `${module} is not loaded: ${without}`, mend));
  }
  return findings;
}

async function lookAtPorts(pbx: ProbedPbx): Promise<Finding[]> {
  if (!pbx.rights.actions.includes("GetConfig")) return [];
  const config = await pbx.send({ name: "GetConfig", fields: { Filename: "rtp.conf" } });
  return toPortFindings(config.fields.filter((_, index) => index % 2 === 1));
}

/** Pure. `lines` as GetConfig gives them: `rtpstart=10000`. Asterisk's own range is 5,000 … 31,000. */
export function toPortFindings(lines: readonly string[]): Finding[] {
  const read = (name: string): number | undefined => {
    const line = lines.findLast((each) => each.startsWith(`${name}=`));
    return line === undefined ? undefined : Number(line.slice(name.length + 1));
  };
  const [start, end] = [read("rtpstart") ?? 5_000, read("rtpend") ?? 31_000];
  const ports = end - start + 1;
  const message = `RTP ports ${start} to ${end} are some ${Math.floor(ports / PORTS_PER_CALL)} calls`;
  if (ports >= CALLS_MIN * PORTS_PER_CALL) return [ok("dialer:ports", message)];
  const mend = "/etc/asterisk/rtp.conf: rtpstart = 10000, rtpend = 20000, in the firewall too; then restart Asterisk.";
  return [warning("dialer:ports", message, mend)];
}
