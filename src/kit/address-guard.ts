import { lookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

/**
 * Keeps requests that tenants configure from reaching what only this machine or network should reach (SSRF). Every
 * address is judged when the socket is about to connect, so a host name that changes its mind (DNS rebinding) gains nothing.
 *
 * The public internet is always allowed. Never, whatever the settings: link-local (169.254/16, fe80::/10) and the other
 * metadata services of clouds, multicast, broadcast, unspecified and reserved addresses.
 */
export interface AllowedTargets {
  /** 10/8, 172.16/12, 192.168/16, 100.64/10, fc00::/7: where a CRM on the premises lives (ENLACE_ALLOW_PRIVATE_TARGETS). */
  private: boolean;
  /** This machine, 127/8 and ::1 (ENLACE_ALLOW_LOOPBACK_TARGETS). */
  loopback: boolean;
}

/** The destination is not allowed; the message says why, in words for the administrator. */
export class RefusedAddress extends Error {
  constructor(message: string) {
    super(message);
    this.name = "RefusedAddress";
  }
}

type Rule = readonly [network: string, prefix: number];

const PRIVATE: readonly Rule[] = [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["100.64.0.0", 10],
  ["fc00::", 7],
];
const LOOPBACK: readonly Rule[] = [
  ["127.0.0.0", 8],
  ["::1", 128],
];
const NEVER: readonly Rule[] = [
  ["0.0.0.0", 8],
  ["169.254.0.0", 16], // link-local; metadata of AWS, Azure, Google, OpenStack
  ["100.100.100.200", 32], // metadata of Alibaba Cloud
  ["168.63.129.16", 32], // wire server of Azure
  ["192.0.0.0", 24], // protocol assignments; metadata of Oracle
  ["192.88.99.0", 24],
  ["198.18.0.0", 15],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
  ["::", 128],
  ["fd00:ec2::", 32], // metadata of AWS
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
  ["100::", 64],
  ["2001::", 32], // Teredo: hides an IPv4 address
];

const toBlockList = (rules: readonly Rule[]): BlockList => {
  const list = new BlockList();
  for (const [network, prefix] of rules) list.addSubnet(network, prefix, network.includes(":") ? "ipv6" : "ipv4");
  return list;
};
const privateList = toBlockList(PRIVATE);
const loopbackList = toBlockList(LOOPBACK);
const neverList = toBlockList(NEVER);

/** May a socket be opened to this IP address (text, either family)? Anything that is no IP address may not. */
export function isAllowedAddress(address: string, allowed: AllowedTargets): boolean {
  const plain = address.replace(/%.*$/, "");
  const family = isIP(plain);
  if (family === 0) return false;
  const inside = family === 6 ? toEmbeddedIpv4(plain) : undefined;
  if (inside !== undefined) return isAllowedAddress(inside, allowed);
  const kind = family === 6 ? "ipv6" : "ipv4";
  if (neverList.check(plain, kind)) return false;
  if (loopbackList.check(plain, kind)) return allowed.loopback;
  return privateList.check(plain, kind) ? allowed.private : true;
}

/** The URL if it may be requested at all; a host name is judged later, by what it resolves to. */
export function checkUrl(text: string, allowed: AllowedTargets): URL | RefusedAddress {
  const url = URL.parse(text);
  if (url === null) return new RefusedAddress("not a URL");
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    return new RefusedAddress("only http: and https: addresses are allowed");
  }
  if (!hasNoCredentials(text)) return new RefusedAddress("a URL must not carry credentials");
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return isIP(host) === 0 || isAllowedAddress(host, allowed) ? url : new RefusedAddress(toRefusal(host));
}

/** A URL is stored and shown as it is, so it must not hold a password. Anything unreadable holds none. */
export function hasNoCredentials(text: string): boolean {
  const url = URL.parse(text);
  return url === null || (url.username === "" && url.password === "");
}

/** A `lookup` for sockets that hands out allowed addresses only and fails with `RefusedAddress` when none is left. */
export function createGuardedLookup(allowed: AllowedTargets, resolve: typeof lookup = lookup): LookupFunction {
  return (hostname, options, done) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, []);
      const open = addresses.filter(({ address }) => isAllowedAddress(address, allowed));
      const first = open[0];
      if (first === undefined) return done(new RefusedAddress(toRefusal(hostname)), []);
      return options.all ? done(null, open) : done(null, first.address, first.family);
    });
  };
}

const toRefusal = (host: string): string =>
  `${host} is an address inside this network or machine, which this installation does not allow (ENLACE_ALLOW_PRIVATE_TARGETS, ENLACE_ALLOW_LOOPBACK_TARGETS)`;

/** The IPv4 address inside an IPv4-mapped (::ffff:0:0/96), IPv4-compatible, NAT64 (64:ff9b::/96) or 6to4 (2002::/16) one. */
function toEmbeddedIpv4(address: string): string | undefined {
  const groups = toGroups(address);
  const [first = 0, second = 0, third = 0] = groups;
  const quad = (high: number, low: number): string => [high >> 8, high & 255, low >> 8, low & 255].join(".");
  if (first === 0x2002) return quad(second, third);
  const low = quad(groups[6] ?? 0, groups[7] ?? 0);
  if (first === 0x64 && second === 0xff9b && groups.slice(2, 6).every((group) => group === 0)) return low;
  if (groups.slice(0, 5).some((group) => group !== 0)) return undefined;
  if (groups[5] === 0xffff) return low;
  return groups[5] === 0 && groups[6] !== 0 ? low : undefined;
}

/** The eight 16-bit groups of a valid IPv6 address. */
function toGroups(address: string): number[] {
  const hex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) =>
    [a * 256 + Number(b), c * 256 + Number(d)].map((group) => group.toString(16)).join(":"),
  );
  const [head = "", tail] = hex.split("::");
  const toNumbers = (part: string): number[] => (part === "" ? [] : part.split(":").map((g) => Number.parseInt(g, 16)));
  const left = toNumbers(head);
  const right = tail === undefined ? [] : toNumbers(tail);
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
}
