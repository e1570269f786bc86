import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isConfigValue, type OpenTrunk, toPjsipText } from "./pjsip.ts";

const account = { host: "sip.example.test", port: 5060, username: "user", register: false, context: "from-trunk" };
const trunk: OpenTrunk = { name: "carrier-1", account, password: "secret" };

/** Sections by name and type, as Asterisk's own reader would find them. */
function read(text: string): Map<string, Record<string, string>> {
  const sections = new Map<string, Record<string, string>>();
  let section: Record<string, string> = {};
  let name = "";
  for (const line of text.split("\n")) {
    const code = line.replace(/(^|[^\\]);.*$/, "$1").replaceAll("\\;", ";");
    const head = /^\[(.+)\]$/.exec(code);
    const option = /^(\w+) = (.*)$/.exec(code);
    if (head) [name, section] = [head[1] ?? "", {}];
    if (option) section[option[1] ?? ""] = option[2] ?? "";
    if (option?.[1] === "type") sections.set(`${name} ${option[2]}`, section);
  }
  return sections;
}

test("a trunk with a login has an endpoint, an aor, an identify and an auth, and registers only when asked to", () => {
  const sections = read(toPjsipText([trunk]));
  const names = ["carrier-1 endpoint", "carrier-1 aor", "carrier-1-identify identify", "carrier-1-auth auth"];
  assert.deepEqual([...sections.keys()], names);
  assert.equal(sections.get("carrier-1 aor")?.contact, "sip:sip.example.test:5060");
  assert.equal(sections.get("carrier-1 endpoint")?.outbound_auth, "carrier-1-auth");
  const registering = read(toPjsipText([{ ...trunk, account: { ...account, register: true } }]));
  const registration = registering.get("carrier-1-registration registration");
  assert.equal(registration?.client_uri, "sip:user@sip.example.test:5060");
});

test("a trunk that is known by its address alone has no auth", () => {
  const open = { ...trunk, account: { ...account, username: null }, password: null };
  const sections = read(toPjsipText([open]));
  assert.deepEqual([...sections.keys()], ["carrier-1 endpoint", "carrier-1 aor", "carrier-1-identify identify"]);
  assert.equal(sections.get("carrier-1 endpoint")?.outbound_auth, undefined);
});

test("an address of IPv6 stands in brackets where a SIP address is meant, and bare where it is matched", () => {
  const sections = read(toPjsipText([{ ...trunk, account: { ...account, host: "2001:db8::5" } }]));
  assert.equal(sections.get("carrier-1 aor")?.contact, "sip:[2001:db8::5]:5060");
  assert.equal(sections.get("carrier-1-identify identify")?.match, "2001:db8::5");
});

test("D.A 16: whatever password is taken, it is read back as itself and makes no section of its own", () => {
  const value = fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 30 }).filter(isConfigValue);
  const property = fc.property(value, (password) => {
    const sections = read(toPjsipText([{ ...trunk, password }]));
    assert.equal(sections.get("carrier-1-auth auth")?.password, password);
    assert.equal(sections.size, 4);
  });
  fc.assert(property);
});

test("line breaks, brackets, blanks at an end and a leading > are no values", () => {
  for (const text of ["a\nb", "a\rb", "a]", "[a", " a", "a ", ">a", "", "ñ", "a\u0000"])
    assert.ok(!isConfigValue(text), JSON.stringify(text));
  assert.throws(() => toPjsipText([{ ...trunk, password: "x\n[evil]" }]));
});
