import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError, readConfig } from "./config.ts";

test("a PBX needs its address, its user and its secret; what is missing is named together with everything else", () => {
  const AMI = { AMI_HOST: "pbx.example.test", AMI_USERNAME: "enlace", AMI_SECRET: "s3cret" };
  assert.deepEqual(readConfig({ ...AMI, PBX_TIMEZONE: "America/Lima" }).pbx, {
    ...{ host: "pbx.example.test", port: 5038, username: "enlace", secret: "s3cret", timeZone: "America/Lima" },
  });
  assert.equal(readConfig({}).pbx, undefined);
  const problems = (env: Record<string, string>): readonly string[] => {
    try {
      readConfig(env);
    } catch (error) {
      if (error instanceof ConfigError) return error.problems;
      throw error;
    }
    return [];
  };
  const found = problems({ AMI_HOST: "pbx.example.test", AMI_PORT: "0", PBX_TIMEZONE: "Mars/Olympus" });
  assert.equal(found.length, 3);
  assert.match(found.join("\n"), /AMI_PORT .*\nPBX_TIMEZONE is not an IANA.*\nAMI_USERNAME and AMI_SECRET missing/);
});

test("a token without an address makes a PBX that only posts events; with one it is that PBX's", () => {
  const alone = readConfig({ PBX_TOKEN: "unit-token-A", PBX_TIMEZONE: "America/Lima" });
  assert.deepEqual(alone.pbx, { host: null, port: 5038, username: null, secret: null, timeZone: "America/Lima" });
  const AMI = { AMI_HOST: "pbx.example.test", AMI_USERNAME: "enlace", AMI_SECRET: "s3cret" };
  const both = readConfig({ ...AMI, PBX_TOKEN: "unit-token-A" });
  assert.deepEqual([both.pbx?.host, both.pbxToken], ["pbx.example.test", "unit-token-A"]);
  assert.throws(() => readConfig({ PBX_TOKEN: "short" }), /PBX_TOKEN must have at least 8 characters$/m);
});

test("FastAGI is served only to those who are named; what names nobody is told apart from what is no address", () => {
  assert.equal(readConfig({}).agi, undefined);
  assert.equal(readConfig({ ENLACE_AGI_ALLOW: "", ENLACE_AGI_PORT: "4573" }).agi, undefined);
  assert.deepEqual(readConfig({ ENLACE_AGI_ALLOW: "10.0.0.5, 192.168.1.0/24,fd00::/8" }).agi, {
    ...{ host: "127.0.0.1", port: 4573, allow: ["10.0.0.5", "192.168.1.0/24", "fd00::/8"] },
  });
  for (const entry of ["pbx.example.test", "10.0.0.5/33", "10.0.0", "10.0.0.0/8/8", "*"])
    assert.throws(
      () => readConfig({ ENLACE_AGI_ALLOW: entry }),
      /ENLACE_AGI_ALLOW is neither an address nor a network/,
    );
});
