import assert from "node:assert/strict";
import { test } from "node:test";
import { AmiMessage } from "../ami/message.ts";
import { toSkewFinding, toZoneFindings } from "./clock-probe.ts";
import { toCodecFindings } from "./codec-probe.ts";
import { toFileFindings, toPortFindings } from "./dialer-probe.ts";
import type { EndpointDetail } from "./peer-list.ts";
import { toTrunkFinding } from "./peers-probe.ts";
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
  assert.match(toManagerSnippet("enlace", true), /^\/etc\/asterisk\/manager_custom\.conf.*\n\[enlace\]\n/);
  assert.match(toManagerSnippet("enlace", false), /^\/etc\/asterisk\/manager\.conf/);
  assert.match(toContextSnippet("from-internal", true), /extensions_custom\.conf/);
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

test("an RTP range that is too small for a campaign is warned of; Asterisk's own is not", () => {
  const level = (...lines: string[]) => toPortFindings(lines)[0]?.level;
  assert.deepEqual(
    [level(), level("rtpstart=10000", "rtpend=20000"), level("icesupport=no", "rtpstart=10000", "rtpend=10100")],
    ["ok", "ok", "warning"],
  );
});
