import type { Finding } from "../../connectors/connector.ts";
import { type EndpointDetail, listPeers, loadEndpoint } from "./peer-list.ts";
import { hasDialplan, ok, type Probe, type ProbedPbx, warning } from "./probe.ts";
import { toCodecSnippet, toContextSnippet } from "./snippets.ts";
import { say } from "./words.ts";

const ENDPOINTS_MAX = 40;

/** PJSIP endpoints, trunks first; at most 40 are looked at. */
export async function loadEndpoints(pbx: ProbedPbx): Promise<{ trunks: EndpointDetail[]; phones: EndpointDetail[] }> {
  const { trunks, extensions } = pbx.settings;
  const isTrunk = (name: string): boolean => trunks.has(name) || !(extensions.has(name) || /^\d{2,6}$/.test(name));
  const names = (await listPeers(pbx)).flatMap(({ name, technology }) => (technology === "PJSIP" ? [name] : []));
  const sorted = names.toSorted((a, b) => Number(isTrunk(b)) - Number(isTrunk(a))).slice(0, ENDPOINTS_MAX);
  const details: EndpointDetail[] = [];
  for (const name of sorted) {
    const detail = await loadEndpoint(pbx, name);
    if (detail) details.push(detail);
  }
  return {
    trunks: details.filter(({ name, isWebrtc }) => isTrunk(name) && !isWebrtc),
    phones: details.filter(({ name, isWebrtc }) => !isTrunk(name) || isWebrtc),
  };
}

/** Can each phone speak with the trunks without conversion, and does it stand in a context that is there? */
export const probeCodecs: Probe = async (pbx) => {
  const { trunks, phones } = await loadEndpoints(pbx);
  if (trunks.length + phones.length === 0) return [];
  const findings = toCodecFindings(trunks, phones);
  for (const context of new Set([...trunks, ...phones].map((each) => each.context).filter(Boolean))) {
    if ((await hasDialplan(pbx, context)) !== false) continue;
    const of = [...trunks, ...phones].filter((each) => each.context === context).map(({ name }) => name);
    const message = say("contextOfPhonesAway", { phones: of.slice(0, 5), context });
    findings.push(warning(`context:${context}`, message, toContextSnippet(context, false)));
  }
  return findings;
};

/** Pure. */
export function toCodecFindings(trunks: readonly EndpointDetail[], phones: readonly EndpointDetail[]): Finding[] {
  const findings: Finding[] = [];
  const silent = [...trunks, ...phones].filter(({ codecs }) => codecs.length === 0);
  for (const { name } of silent)
    findings.push(warning(`codecs:${name}`, say("noCodec", { name }), toCodecSnippet(name)));
  for (const phone of phones) {
    const apart = trunks.filter(
      ({ codecs }) => codecs.length > 0 && !codecs.some((codec) => phone.codecs.includes(codec)),
    );
    if (phone.codecs.length === 0 || apart.length === 0) continue;
    const names = { phone: phone.name, codecs: phone.codecs, trunks: apart.map(({ name }) => name) };
    const message = say("noSharedCodec", names);
    findings.push(warning(`codecs:${phone.name}`, message, toCodecSnippet(phone.name)));
  }
  return findings.length > 0 ? findings : [ok("codecs", say("codecsShared"))];
}
