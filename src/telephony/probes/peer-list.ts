import type { AmiMessage } from "../ami/message.ts";
import { readFunction } from "./functions.ts";
import { listOrNone, type ProbedPbx } from "./probe.ts";

const ASKED_MAX = 100;
/** It is put into the name of a function: nothing but what cannot end it. */
const PEER_NAME = /^[\w.@+-]{1,80}$/;

/** A phone or trunk as the PBX knows it. */
export interface Peer {
  name: string;
  technology: "PJSIP" | "SIP";
  /** `null` when the PBX does not watch it. */
  isReachable: boolean | null;
  /** In its own words. */
  state: string;
}

/** Those that a user with `system` may list; else, those whose state Asterisk tells to anybody who may report. */
export async function listPeers(pbx: ProbedPbx): Promise<Peer[]> {
  const endpoints = await listOrNone(pbx, { name: "PJSIPShowEndpoints" });
  const peers = await listOrNone(pbx, { name: "SIPpeers" });
  const listed = [...endpoints.map(fromEndpoint), ...peers.map(fromSipPeer)].filter(({ name }) => PEER_NAME.test(name));
  return listed.length > 0 ? listed : listByDevices(pbx);
}

function fromEndpoint(item: AmiMessage): Peer {
  const state = item.get("DeviceState") ?? "unknown";
  return { name: item.get("ObjectName") ?? "", technology: "PJSIP", state, isReachable: toReachable(state) };
}

function fromSipPeer(item: AmiMessage): Peer {
  const state = item.get("Status") ?? "unknown";
  const isReachable = /^ok/i.test(state) ? true : /unmonitored/i.test(state) ? null : false;
  return { name: item.get("ObjectName") ?? "", technology: "SIP", state, isReachable };
}

/** Asterisk remembers the states of devices that somebody asked for: those that Enlace was told of are asked for first. */
async function listByDevices(pbx: ProbedPbx): Promise<Peer[]> {
  const { trunks, extensions } = pbx.settings;
  const peers = new Map<string, Peer>();
  const add = (device: string, state: string): void => {
    const [, technology, name] = /^(PJSIP|SIP)\/(.+)$/.exec(device) ?? [];
    if (!technology || !name || !PEER_NAME.test(name) || /^invalid$/i.test(state) || peers.has(name)) return;
    peers.set(name, { name, technology: technology as Peer["technology"], state, isReachable: toReachable(state) });
  };
  for (const item of await listOrNone(pbx, { name: "DeviceStateList" }))
    add(item.get("Device") ?? "", item.get("State") ?? "");
  for (const name of [...trunks, ...extensions.keys()].slice(0, ASKED_MAX))
    if (!peers.has(name) && PEER_NAME.test(name))
      add(`PJSIP/${name}`, (await readFunction(pbx, `DEVICE_STATE(PJSIP/${name})`)) ?? "INVALID");
  return [...peers.values()];
}

const toReachable = (state: string): boolean | null =>
  /unavailable|invalid/i.test(state) ? false : /unknown/i.test(state) ? null : true;

/** What a PJSIP endpoint is like. */
export interface EndpointDetail {
  name: string;
  context: string;
  codecs: readonly string[];
  isWebrtc: boolean;
  /** Protocols of its transports: udp, wss … */
  protocols: readonly string[];
}

export async function loadEndpoint(pbx: ProbedPbx, name: string): Promise<EndpointDetail | null> {
  const items = await listOrNone(pbx, { name: "PJSIPShowEndpoint", fields: { Endpoint: name } });
  const detail = items.find((item) => item.get("Event") === "EndpointDetail");
  if (!detail) return loadByFunctions(pbx, name);
  const transports = items.filter((item) => item.get("Event") === "TransportDetail");
  return {
    name,
    context: detail.get("Context") ?? "",
    codecs: (detail.get("Allow") ?? "")
      .replaceAll(/[()\s]/g, "")
      .split("|")
      .filter(Boolean),
    isWebrtc: /^(yes|true|1)$/i.test(detail.get("Webrtc") ?? ""),
    protocols: transports.map((item) => (item.get("Protocol") ?? "").toLowerCase()),
  };
}

/** What anybody who may report can ask for; transports are not among it. */
async function loadByFunctions(pbx: ProbedPbx, name: string): Promise<EndpointDetail | null> {
  const read = (field: string): Promise<string | null> => readFunction(pbx, `PJSIP_ENDPOINT(${name},${field})`);
  const context = await read("context");
  if (context === null) return null;
  const isWebrtc = /^(yes|true|1)$/i.test((await read("webrtc")) ?? "");
  return { name, context, codecs: toCodecs(await read("allow")), isWebrtc, protocols: [] };
}

const toCodecs = (text: string | null | undefined): string[] =>
  (text ?? "")
    .replaceAll(/[()\s]/g, "")
    .split(/[|,]/)
    .filter(Boolean);
