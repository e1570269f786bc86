import { BlockList, isIP } from "node:net";

/** Whether the text is an address, or a network such as `192.0.2.0/24` or `2001:db8::/32`. */
export function isAddressRule(text: string): boolean {
  const [address = "", prefix, ...rest] = text.split("/");
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}

/** Whether the address may ask. Nobody named: everybody may; `address` is the socket's, or what a trusted proxy says. */
export function isAddressAllowed(address: string, rules: readonly string[]): boolean {
  if (rules.length === 0) return true;
  const plain = address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "").replace(/%.*$/, "");
  const family = isIP(plain);
  if (family === 0) return false;
  const list = new BlockList();
  for (const rule of rules) {
    const [network = "", prefix] = rule.split("/");
    const kind = isIP(network) === 6 ? "ipv6" : "ipv4";
    if (prefix === undefined) list.addAddress(network, kind);
    else list.addSubnet(network, Number(prefix), kind);
  }
  return list.check(plain, family === 6 ? "ipv6" : "ipv4");
}
