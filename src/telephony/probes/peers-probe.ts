import type { Finding } from "../../connectors/connector.ts";
import { isGenerated } from "./dialplan-probe.ts";
import { listPeers, type Peer } from "./peer-list.ts";
import { listOrNone, ok, type Probe, type ProbedPbx, warning } from "./probe.ts";
import { toRegistrationSnippet, toTrunkSnippet } from "./snippets.ts";

const NAMED_MAX = 10;

/** Are the trunks and phones that Enlace was told of there and alive, and do registrations stand? */
export const probePeers: Probe = async (pbx) => {
  const peers = await listPeers(pbx);
  if (peers.length === 0)
    return [
      warning(
        "peers",
        "the PBX shows no phone and no trunk",
        "Is chan_pjsip (or chan_sip) loaded, and has the AMI user the class reporting?",
      ),
    ];
  const { trunks, extensions } = pbx.settings;
  const byName = new Map(peers.map((peer) => [peer.name, peer]));
  const generated = await isGenerated(pbx);
  const missingPhones = [...extensions.keys()].filter((name) => !byName.has(name));
  return [
    ok("peers", `${peers.length} phones and trunks`),
    ...[...trunks].slice(0, NAMED_MAX).map((name) => toTrunkFinding(name, byName.get(name), generated)),
    ...toMissingPhones(missingPhones),
    ...(await probeRegistrations(pbx)),
  ];
};

export function toTrunkFinding(name: string, peer: Peer | undefined, generated: boolean): Finding {
  const subject = `trunk:${name}`;
  if (!peer) return warning(subject, `there is no trunk ${name} on the PBX`, toTrunkSnippet(name, generated));
  if (peer.isReachable === false)
    return warning(
      subject,
      `the trunk ${name} is away (${peer.state})`,
      `Look at it: \`asterisk -rx "${peer.technology === "PJSIP" ? `pjsip show endpoint ${name}` : `sip show peer ${name}`}"\`. Address, firewall and carrier come first; then:\n${toTrunkSnippet(name, generated)}`,
    );
  const state = peer.isReachable === null ? "not watched: qualify would show when it is away" : peer.state;
  return ok(subject, `the trunk ${name} is there (${state})`);
}

function toMissingPhones(names: readonly string[]): Finding[] {
  if (names.length === 0) return [];
  const shown =
    names.slice(0, NAMED_MAX).join(", ") + (names.length > NAMED_MAX ? ` and ${names.length - NAMED_MAX} more` : "");
  const mend = "Make them on the PBX, or say which peers an extension has: `enlace extension set 101 --peer 101`.";
  return [warning("phones", `peers of extensions that the PBX does not know: ${shown}`, mend)];
}

/** Outbound ones, of both channel drivers. */
async function probeRegistrations(pbx: ProbedPbx): Promise<Finding[]> {
  const pjsip = (await listOrNone(pbx, { name: "PJSIPShowRegistrationsOutbound" })).flatMap((item) =>
    item.get("Event") === "OutboundRegistrationDetail"
      ? [{ name: item.get("ObjectName") ?? "?", state: item.get("Status") ?? "?" }]
      : [],
  );
  const sip = (await listOrNone(pbx, { name: "SIPshowregistry" })).map((item) => ({
    name: `${item.get("Username") ?? "?"}@${item.get("Host") ?? "?"}`,
    state: item.get("State") ?? "?",
  }));
  return [...pjsip, ...sip].slice(0, NAMED_MAX).map(({ name, state }) => {
    const subject = `registration:${name}`;
    if (/^registered$/i.test(state)) return ok(subject, `${name} is registered`);
    return warning(subject, `${name} is not registered with its carrier (${state})`, toRegistrationSnippet(name));
  });
}
