import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { AmiAction } from "../ami/action.ts";
import { AmiMessage } from "../ami/message.ts";
import type { PbxSettings } from "../pbx.ts";
import { probeCdr } from "./cdr-probe.ts";
import { toSkewFinding, toZoneFindings } from "./clock-probe.ts";
import { toCodecFindings } from "./codec-probe.ts";
import { probeDialer, toFileFindings, toPortFindings } from "./dialer-probe.ts";
import { isThisMachine, readOpenFilesMax } from "./open-files.ts";
import type { EndpointDetail } from "./peer-list.ts";
import { toTrunkFinding } from "./peers-probe.ts";
import type { ProbedPbx } from "./probe.ts";
import { toContextSnippet, toManagerSnippet } from "./snippets.ts";
import { toWssFinding } from "./wss-probe.ts";

const endpoint = (name: string, ...codecs: string[]): EndpointDetail => ({
  ...{ name, codecs, context: "from-internal", isWebrtc: false, protocols: [] },
});

test("a clock may be off a little, is warned of from two seconds, and wrong from a minute", () => {
  assert.deepEqual(
    [0, -1.9, 2, -59, 60].map((seconds) => toSkewFinding(seconds).level),
    ["ok", "ok", "warning", "warning", "error"],
  );
  assert.match(toSkewFinding(-70).message, /70 s behind/);
});

test("the zone in which a PBX writes its times is told from its start, summer time included", () => {
  const at = (date: string, time: string) => new AmiMessage(["CoreStartupDate", date, "CoreStartupTime", time]);
  const level = (status: AmiMessage, startedAt: string, zone: string) =>
    toZoneFindings(status, new Date(startedAt), zone).map((finding) => finding.level);
  assert.deepEqual(level(at("2026-07-01", "14:00:01"), "2026-07-01T12:00:00Z", "Europe/Madrid"), ["ok"]);
  assert.deepEqual(level(at("2026-12-01", "13:00:00"), "2026-12-01T12:00:00.900Z", "Europe/Madrid"), ["ok"]);
  assert.deepEqual(level(at("2026-12-01", "12:00:00"), "2026-12-01T12:00:00Z", "Europe/Madrid"), ["error"]);
  assert.deepEqual(level(at("2026-12-01", "17:45:00"), "2026-12-01T12:00:00Z", "Asia/Kathmandu"), ["ok"]);
  assert.deepEqual(level(new AmiMessage([]), "2026-12-01T12:00:00Z", "UTC"), []);
});

test("phones that share no codec with a trunk are named, each with the lines that mend it", () => {
  const trunks = [endpoint("carrier", "alaw", "ulaw")];
  assert.equal(toCodecFindings(trunks, [endpoint("101", "ulaw")])[0]?.level, "ok");
  const [found, ...more] = toCodecFindings(trunks, [endpoint("101", "opus"), endpoint("102", "alaw")]);
  assert.deepEqual([found?.subject, found?.level, more.length], ["codecs:101", "warning", 0]);
  assert.match(found?.mend ?? "", /allow = opus,alaw,ulaw/);
  assert.equal(toCodecFindings([endpoint("carrier")], [])[0]?.subject, "codecs:carrier");
});

test("a trunk is there, away, not watched or unknown", () => {
  const peer = (isReachable: boolean | null) => ({ name: "t", technology: "SIP" as const, state: "s", isReachable });
  assert.deepEqual(
    [true, null, false].map((is) => toTrunkFinding("t", peer(is), false).level),
    ["ok", "ok", "warning"],
  );
  assert.match(toTrunkFinding("t", peer(false), false).mend ?? "", /sip show peer t/);
  assert.match(toTrunkFinding("t", undefined, true).message, /no trunk t/);
});

test("what a web server answers tells whether browsers can be phones", () => {
  const url = "https://pbx.example.test:8089/ws";
  assert.deepEqual(
    [426, 400, 404, 200].map((status) => toWssFinding(url, status).level),
    ["ok", "ok", "warning", "warning"],
  );
});

test("snippets name the file that FreePBX and Issabel leave alone", () => {
  assert.match(toManagerSnippet("enlace", true).text, /^\/etc\/asterisk\/manager_custom\.conf.*\n\[enlace\]\n/);
  assert.match(toManagerSnippet("enlace", false).text, /^\/etc\/asterisk\/manager\.conf/);
  assert.match(toContextSnippet("from-internal", true).text, /extensions_custom\.conf/);
});

test("open files that are not raised, or too few, stop a campaign first and are warned of with what raises them", () => {
  const at = (files: string, calls = "0") =>
    toFileFindings(new AmiMessage(["CoreMaxFilehandles", files, "CoreMaxCalls", calls])).map(
      ({ level, subject }) => `${subject} ${level}`,
    );
  assert.deepEqual(at("0"), ["dialer:files warning"]);
  assert.deepEqual(at("1024"), ["dialer:files warning"]);
  assert.deepEqual(at("65536"), ["dialer:files ok"]);
  assert.deepEqual(at("65536", "50"), ["dialer:files ok", "dialer:calls warning"]);
  assert.deepEqual(toFileFindings(new AmiMessage([])), [], "an Asterisk that does not say");
  assert.match(toFileFindings(new AmiMessage(["CoreMaxFilehandles", "0"]))[0]?.mend ?? "", /LimitNOFILE=65536/);
});

test("what the process really got counts, and a wish that was not granted is told", () => {
  const at = (wished: string, granted: number) =>
    toFileFindings(new AmiMessage(["CoreMaxFilehandles", wished]), granted).map(
      ({ level, subject }) => `${subject} ${level}`,
    );
  assert.deepEqual(at("0", 65_536), ["dialer:files ok"]);
  assert.deepEqual(at("65536", 20_000), ["dialer:limit warning", "dialer:files ok"]);
  assert.deepEqual(at("65536", 1_024), ["dialer:limit warning", "dialer:files warning"]);
});

test("the least that an Asterisk of this machine may open is read, whatever else runs or ends meanwhile", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "enlace-proc-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const add = (pid: string, comm: string, limits: string): void => {
    mkdirSync(join(folder, pid));
    writeFileSync(join(folder, pid, "comm"), `${comm}\n`);
    writeFileSync(join(folder, pid, "limits"), limits);
  };
  assert.equal(await readOpenFilesMax(folder), null);
  const limits = (max: string) =>
    `Limit Soft Limit Hard Limit Units\nMax processes 7 7\nMax open files            ${max}\n`;
  add("1", "systemd", limits("99                   99                   files"));
  add("70", "asterisk", limits("16384                20000                files"));
  add("71", "asterisk", limits("4096                 4096                 files"));
  mkdirSync(join(folder, "72")); // ended
  assert.equal(await readOpenFilesMax(folder), 4096);
  assert.equal(await readOpenFilesMax(join(folder, "nowhere")), null);
  assert.deepEqual(["127.0.0.1", "localhost", "::1", "10.0.0.5", "pbx.example.test"].map(isThisMachine), [
    ...[true, true, true, false, false],
  ]);
});

test("an RTP range that is too small for a campaign is warned of; Asterisk's own is not", () => {
  const level = (start?: number, end?: number) => toPortFindings({ start, end })[0]?.level;
  assert.deepEqual([level(), level(10_000, 20_000), level(10_000, 10_100)], ["ok", "ok", "warning"]);
});

/** A PBX whose dialplan functions say this; others are not there. */
function createProbed(values: Readonly<Record<string, string>>, more: Partial<ProbedPbx> = {}): ProbedPbx {
  return {
    settings: { name: "Office", cdr: { kind: "ami" }, address: { host: "pbx.example.test" } },
    rights: { actions: [], missing: [], dangerous: [] },
    send: async (action: AmiAction) => {
      const value = values[String(action.fields?.Variable)] ?? "";
      return new AmiMessage(["Response", "Success", ...(action.name === "Getvar" ? ["Value", value] : [])]);
    },
    list: async () => ({ response: new AmiMessage(["Response", "Success"]), items: [] }),
    ...more,
  } as unknown as ProbedPbx;
}
const loaded = (...modules: string[]) => Object.fromEntries(modules.map((module) => [`IFMODULE(${module}.so)`, "1"]));
const MODULES = ["res_agi", "app_amd", "app_waitforsilence", "res_musiconhold", "func_config"];

test("modules and ports are seen without a right to run commands; what cannot be seen says how to let it be seen", async () => {
  const say = async (values: Record<string, string>) =>
    (await probeDialer(createProbed(values))).map(({ level, subject }) => `${subject} ${level}`).slice(1);
  const file = { "AST_CONFIG(amd.conf,general,greeting)": "1500" };
  assert.deepEqual(await say({ ...loaded(...MODULES), ...file }), ["dialer:modules ok", "dialer:ports ok"]);
  assert.deepEqual(await say(loaded(...MODULES)), ["dialer:app_amd warning", "dialer:ports ok"]);
  const narrow = { "AST_CONFIG(rtp.conf,general,rtpstart)": "10000", "AST_CONFIG(rtp.conf,general,rtpend)": "10050" };
  assert.deepEqual(await say({ ...loaded(...MODULES), ...file, ...narrow, "IFMODULE(res_agi.so)": "0" }), [
    "dialer:res_agi error",
    "dialer:ports warning",
  ]);
  assert.deepEqual(await say({}), ["dialer:modules warning", "dialer:ports warning"]);
  const [, modules] = await probeDialer(createProbed({}));
  assert.match(modules?.mend ?? "", /module load func_module\.so.*\n.*write line.*take it out again/s);
});

test("records that are heard over AMI alone are warned of, with where the PBX's own can be read", async () => {
  const levels = async (cdr: PbxSettings["cdr"], values = loaded("cdr_manager")) => {
    const settings = { name: "Office", cdr } as PbxSettings;
    return (await probeCdr(createProbed(values, { settings }))).map(({ level, subject }) => `${subject} ${level}`);
  };
  assert.deepEqual(await levels({ kind: "ami" }), ["cdr ok", "cdr:gaps warning"]);
  assert.deepEqual(await levels({ kind: "ami" }, { "IFMODULE(cdr_manager.so)": "0" }), [
    "cdr warning",
    "cdr:gaps warning",
  ]);
  assert.deepEqual(await levels({ kind: "ami" }, {}), ["cdr warning", "cdr:gaps warning"]);
  assert.deepEqual(await levels({ kind: "csv", path: "/mnt" }, {}), ["cdr ok", "cdr:gaps ok"]);
  const [, gaps] = await probeCdr(createProbed(loaded("cdr_manager")));
  assert.match(gaps?.mend ?? "", /GRANT SELECT ON asteriskcdrdb\.cdr.*enlace pbx cdr "Office" --kind mysql/s);
});
