import type { Finding } from "../../connectors/connector.ts";
import { isGenerated } from "./dialplan-probe.ts";
import { mend } from "./mend-words.ts";
import { listPeers, type Peer } from "./peer-list.ts";
import { listOrNone, ok, type Probe, type ProbedPbx, warning } from "./probe.ts";
import { toCommand, toRegistrationSnippet, toTrunkSnippet } from "./snippets.ts";
import { say } from "./words.ts";

const NAMED_MAX = 10;

/** Are the trunks and phones that Enlace was told of there and alive, and do registrations stand? */
export const probePeers: Probe = async (pbx) => {
  const peers = await listPeers(pbx);
  if (peers.length === 0) return [warning("peers", say("noPeers"), mend("peers"))];
  const { trunks, extensions } = pbx.settings;
  const byName = new Map(peers.map((peer) => [peer.name, peer]));
  const generated = await isGenerated(pbx);
  const missingPhones = [...extensions.keys()].filter((name) => !byName.has(name));
  return [
    ok("peers", say("peers", { count: peers.length })),
    ...[...trunks].slice(0, NAMED_MAX).map((name) => toTrunkFinding(name, byName.get(name), generated)),
    ...toMissingPhones(missingPhones),
    ...(await probeRegistrations(pbx)),
  ];
};

export function toTrunkFinding(name: string, peer: Peer | undefined, generated: boolean): Finding {
  const subject = `trunk:${name}`;
  if (!peer) return warning(subject, say("trunkAway", { name }), toTrunkSnippet(name, generated));
  if (peer.isReachable === false)
    return warning(
      subject,
      say("trunkUnreachable", { name, state: peer.state }),
      mend("trunk", {
        command: toCommand(peer.technology === "PJSIP" ? `pjsip show endpoint ${name}` : `sip show peer ${name}`),
        snippet: toTrunkSnippet(name, generated),
      }),
    );
  return ok(subject, say("trunkThere", { name, state: peer.isReachable === null ? say("unwatched") : peer.state }));
}

function toMissingPhones(names: readonly string[]): Finding[] {
  if (names.length === 0) return [];
  const [shown, more] = [names.slice(0, NAMED_MAX), names.length - NAMED_MAX];
  const message = more > 0 ? say("phonesUnknownMore", { names: shown, more }) : say("phonesUnknown", { names: shown });
  return [warning("phones", message, mend("phones"))];
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
    if (/^registered$/i.test(state)) return ok(subject, say("registered", { name }));
    return warning(subject, say("unregistered", { name, state }), toRegistrationSnippet(name));
  });
}
