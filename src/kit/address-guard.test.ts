import assert from "node:assert/strict";
import type { lookup } from "node:dns";
import { test } from "node:test";
import {
  type AllowedTargets,
  checkUrl,
  createGuardedLookup,
  isAllowedAddress,
  RefusedAddress,
} from "./address-guard.ts";

const PUBLIC_ONLY: AllowedTargets = { private: false, loopback: false };
const EVERYTHING: AllowedTargets = { private: true, loopback: true };

test("metadata, link-local, multicast and unspecified addresses are refused even when everything is allowed", () => {
  const never = [
    ["169.254.169.254", "0.0.0.0", "224.0.0.1", "255.255.255.255", "100.100.100.200", "168.63.129.16", "192.0.0.192"],
    ["fe80::1", "fe80::1%eth0", "::", "ff02::1", "fd00:ec2::254", "2001:0:4136:e378:8000:63bf:3fff:fdd2"],
    ["::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "64:ff9b::169.254.169.254", "2002:a9fe:a9fe::1"],
    ["not an address", ""],
  ].flat();
  assert.deepEqual(
    never.filter((address) => isAllowedAddress(address, EVERYTHING)),
    [],
  );
});

test("private networks and this machine need their own permission, in every spelling", () => {
  const privates = ["10.1.2.3", "172.31.255.1", "192.168.0.10", "100.64.0.1", "fd12:3456::1", "::ffff:10.0.0.1"];
  const loopbacks = ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "::7f00:1"];
  const open = (addresses: string[], allowed: AllowedTargets): string[] =>
    addresses.filter((address) => isAllowedAddress(address, allowed));
  assert.deepEqual(open([...privates, ...loopbacks], PUBLIC_ONLY), []);
  assert.deepEqual(open([...privates, ...loopbacks], { private: true, loopback: false }), privates);
  assert.deepEqual(open([...privates, ...loopbacks], { private: false, loopback: true }), loopbacks);
});

test("public addresses are allowed, also right beside the private ones", () => {
  const addresses = ["9.255.255.255", "172.32.0.1", "192.167.1.1", "128.0.0.1", "8.8.8.8", "2606:4700::1111"];
  assert.deepEqual(
    addresses.filter((address) => !isAllowedAddress(address, PUBLIC_ONLY)),
    [],
  );
});

test("a URL with another protocol, credentials or a forbidden literal address in any notation is refused", () => {
  const refused = [
    "file:///etc/passwd",
    "gopher://crm.example.test/",
    "https://user:secret@crm.example.test/",
    "http://127.0.0.1/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://[::1]/",
    "http://[::ffff:7f00:1]/",
    "http://169.254.169.254/latest/meta-data",
    "nonsense",
  ];
  for (const url of refused) assert.ok(checkUrl(url, PUBLIC_ONLY) instanceof RefusedAddress, url);
  assert.ok(checkUrl("https://crm.example.test/webservice.php", PUBLIC_ONLY) instanceof URL);
});

/** A resolver that answers with the given addresses, as node:dns does when all are asked for. */
function resolveTo(...addresses: string[]): typeof lookup {
  const found = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
  return ((_: string, __: object, done: (error: null, all: typeof found) => void) =>
    done(null, found)) as unknown as typeof lookup;
}

test("a host name is judged by what it resolves to, and forbidden addresses are left out", async () => {
  const resolve = (allowed: AllowedTargets, ...addresses: string[]): Promise<unknown> =>
    new Promise((settle) =>
      createGuardedLookup(allowed, resolveTo(...addresses))("crm.example.test", { all: true }, (error, found) =>
        settle(error ?? found),
      ),
    );
  assert.ok((await resolve(PUBLIC_ONLY, "10.0.0.5")) instanceof RefusedAddress);
  assert.ok((await resolve(EVERYTHING, "169.254.169.254")) instanceof RefusedAddress);
  assert.deepEqual(await resolve(PUBLIC_ONLY, "127.0.0.1", "8.8.8.8"), [{ address: "8.8.8.8", family: 4 }]);
});
