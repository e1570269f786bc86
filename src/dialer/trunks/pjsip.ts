import { isIPv6 } from "node:net";
import type { Trunk } from "../trunk.ts";

/** A trunk with the secret of its account in the clear: only for the file that Asterisk reads. */
export type OpenTrunk = Pick<Trunk, "name"> & { account: NonNullable<Trunk["account"]>; password: string | null };

const HEAD = "; Written by Enlace: a change made here is lost with the next change of a trunk.";
/** Nothing that begins a section, and no line break. A leading `>` would be taken for a part of `=>`. */
const VALUE = /^(?!>)[\x21-\x5a\x5c\x5e-\x7e](?:[\x20-\x5a\x5c\x5e-\x7e]*[\x21-\x5a\x5c\x5e-\x7e])?$/;
const LINE = /^(?:;.*|\[[A-Za-z0-9_-]{1,60}\]|[a-z_]+ = .+|)$/;

/** Whether Asterisk reads the text as what it is when it stands in a configuration file. */
export function isConfigValue(text: string): boolean {
  return VALUE.test(text);
}

/**
 * The PJSIP objects of a PBX's trunks: for each an endpoint, an aor, an identify, and where there is an account an auth, and
 * a registration if the carrier wants one. Throws `Error` when a value would be read as anything but itself.
 */
export function toPjsipText(trunks: readonly OpenTrunk[]): string {
  const sections = trunks.flatMap(toSections);
  const text = [HEAD, ...sections.map(({ name, options }) => toSection(name, options))].join("\n\n");
  checkText(text, sections.length);
  return `${text}\n`;
}

interface Section {
  name: string;
  options: readonly (readonly [key: string, value: string])[];
}

function toSections(trunk: OpenTrunk): Section[] {
  const { name, account, password } = trunk;
  const { host, port, username } = account;
  const server = `sip:${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const auth = username !== null && password !== null ? `${name}-auth` : null;
  const sections: Section[] = [
    { name, options: toEndpoint(trunk, auth) },
    {
      name,
      options: [
        ["type", "aor"],
        ["contact", server],
        ["qualify_frequency", "60"],
      ],
    },
    {
      name: `${name}-identify`,
      options: [
        ["type", "identify"],
        ["endpoint", name],
        ["match", host],
      ],
    },
  ];
  if (auth && username !== null && password !== null) {
    const login = [
      ["username", username],
      ["password", password],
    ] as const;
    sections.push({ name: auth, options: [["type", "auth"], ["auth_type", "userpass"], ...login] });
  }
  if (auth && account.register)
    sections.push({ name: `${name}-registration`, options: toRegistration(trunk, server, auth) });
  return sections;
}

const toEndpoint = ({ name, account }: OpenTrunk, auth: string | null): Section["options"] => [
  ["type", "endpoint"],
  ["context", account.context],
  ["disallow", "all"],
  ["allow", "alaw,ulaw"],
  ["aors", name],
  ...(auth ? [["outbound_auth", auth] as const] : []),
  ["direct_media", "no"],
  ["rtp_symmetric", "yes"],
  ["force_rport", "yes"],
  ["rewrite_contact", "yes"],
  ["dtmf_mode", "rfc4733"],
];

const toRegistration = ({ account }: OpenTrunk, server: string, auth: string): Section["options"] => [
  ["type", "registration"],
  ["server_uri", server],
  ["client_uri", server.replace("sip:", `sip:${account.username}@`)],
  ["contact_user", account.username ?? ""],
  ["outbound_auth", auth],
  ["expiration", "600"],
  ["retry_interval", "30"],
  ["forbidden_retry_interval", "300"],
];

function toSection(name: string, options: Section["options"]): string {
  return [`[${name}]`, ...options.map(([key, value]) => `${key} = ${toValue(value)}`)].join("\n");
}

/** A semicolon begins a comment unless a backslash stands before it. */
function toValue(value: string): string {
  // An IPv6 address is the one thing with brackets in it, and it is ours.
  if (!isConfigValue(value.replaceAll(/\[([0-9a-f:.]+)\]/gi, "$1")))
    throw new Error("a value cannot be written into a configuration file");
  return value.replaceAll(";", "\\;");
}

/** Read again as Asterisk would, before it does: no value became a section or a line of its own. */
function checkText(text: string, sectionCount: number): void {
  const lines = text.split("\n");
  const isPlain = lines.every((line) => LINE.test(line));
  if (!isPlain || lines.filter((line) => line.startsWith("[")).length !== sectionCount)
    throw new Error("the trunks' configuration does not read as it was written");
}
