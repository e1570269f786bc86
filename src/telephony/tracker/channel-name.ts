/** What the name of a channel says: `PJSIP/101-0000000a` is peer 101, `Local/101@from-internal-00000002;1` a half of a pair. */
export interface ChannelName {
  technology: string;
  peer: string;
  /** For Local channels the name that both halves share; otherwise `undefined`. */
  pair: string | undefined;
}

/** Which peers of a PBX are extensions and which are trunks. */
export interface PbxPlan {
  /** The extension of a peer (`101`, or `webrtc-101` of extension 101), or `undefined` when it is not one. */
  extensionOf(peer: string): string | undefined;
  /** Whether a dialled number stays inside the PBX. */
  isInternal(number: string): boolean;
}

export interface PbxPlanOptions {
  /** Peer name → extension, from the tenant's list. */
  extensions: ReadonlyMap<string, string>;
  trunks: ReadonlySet<string>;
}

const SHORT_NUMBER = /^[*#]?\d{2,5}$/;

/** The tenant's lists decide; a peer in neither is an extension when its name is a short number, else a trunk. */
export function createPbxPlan({ extensions, trunks }: PbxPlanOptions): PbxPlan {
  const known = new Set(extensions.values());
  return {
    extensionOf: (peer) =>
      extensions.get(peer) ?? (known.has(peer) || (!trunks.has(peer) && SHORT_NUMBER.test(peer)) ? peer : undefined),
    isInternal: (number) => known.has(number) || SHORT_NUMBER.test(number) || /^[*#]/.test(number),
  };
}

export function parseChannelName(name: string): ChannelName {
  const slash = name.indexOf("/");
  const technology = slash < 0 ? name : name.slice(0, slash);
  const rest = slash < 0 ? "" : name.slice(slash + 1);
  const half = /;[12]$/.exec(rest);
  const whole = half ? rest.slice(0, half.index) : rest;
  return { technology, peer: whole.replace(/-[0-9a-f]+$/, ""), pair: half ? whole : undefined };
}

/** The number in what Dial was given: `600000011@trunk`, `PJSIP/trunk/sip:600000011@host`, `trunk/600000011`. */
export function parseDialedNumber(dialString: string): string | undefined {
  const target = dialString.split("@", 1)[0]?.split("/").at(-1) ?? "";
  return /^(?:sip:)?(\+?[\d*#]{2,})$/.exec(target)?.[1];
}
