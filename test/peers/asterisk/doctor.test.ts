// What the doctor says of a real Asterisk, and whether Asterisk takes the snippets of deploy/asterisk.
import assert from "node:assert/strict";
import { once } from "node:events";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, type TestContext, test } from "node:test";
import type { Finding } from "../../../src/connectors/connector.ts";
import { toTenantId } from "../../../src/core/ids.ts";
import type { PbxRecord } from "../../../src/core/pbx-record.ts";
import { systemClock } from "../../../src/kit/clock.ts";
import { createHttpRequester } from "../../../src/kit/http-client.ts";
import { createAgiServer } from "../../../src/telephony/agi/server.ts";
import type { AmiMessage } from "../../../src/telephony/ami/message.ts";
import { createPbxCheck } from "../../../src/telephony/pbx-check.ts";
import { createToPbxSettings } from "../../../src/telephony/pbx-settings.ts";
import { silentLog } from "../../database.ts";
import { eventually } from "../../eventually.ts";
import { AMI_SECRET, type Asterisk, startAsterisks } from "./asterisk.ts";
import { connect, isReady } from "./world.ts";

const started = await startAsterisks();
const skip = typeof started === "string" && started;
// Only looked at by scenarios, which are skipped without Asterisk.
const { pbx: asterisk } = (started ?? {}) as { pbx: Asterisk };
const targets = { private: true, loopback: true };
const http = createHttpRequester({ clock: systemClock, allowTargets: targets });
const check = createPbxCheck({ toSettings: createToPbxSettings(targets), clock: systemClock, http: http.request });

async function examine(more: Partial<PbxRecord> = {}): Promise<Map<string, Finding>> {
  const record: PbxRecord = {
    ...{ tenantId: toTenantId(1), id: "1", name: "main", host: "127.0.0.1", port: asterisk.amiPort, tls: false },
    ...{ tlsCa: null, username: "enlace", secret: AMI_SECRET, timeZone: "UTC", callIdPrefix: "", country: "ES" },
    dial: { extension: "PJSIP/$" + "{extension}", context: "from-internal", number: "9$" + "{number}", form: "local" },
    ...{ trunks: ["trunk"], cdr: { kind: "none" }, origin: "api", enabled: true, spoolFolder: null },
    extensions: new Map([["101", "101"]]),
    ...more,
  };
  const { findings } = await check(record, new AbortController().signal);
  return new Map(findings.map((finding) => [finding.subject, finding]));
}

const scenario = (name: string, run: (t: TestContext) => Promise<void>): void => {
  test(name, { skip, timeout: 60_000 }, run);
};

const levelOf = (findings: Map<string, Finding>, subject: string): string => {
  const { level, message } = findings.get(subject) ?? { level: "not there", message: [...findings.keys()].join() };
  return level === "ok" ? level : `${level}: ${message}`;
};

scenario("a PBX that is set up well is well, seen by a user who may no more than it needs", async () => {
  const path = join(asterisk.folder, "var/log/asterisk/cdr-csv");
  const findings = await examine({ cdr: { kind: "csv", path } });
  const bad = [...findings.values()].filter(({ level }) => level !== "ok");
  assert.deepEqual(bad, []);
  for (const subject of [
    "rights",
    "context:from-internal",
    "trunk:trunk",
    "codecs",
    "clock",
    "time_zone",
    "cdr",
    "cdr:gaps",
  ])
    assert.equal(levelOf(findings, subject), "ok", subject);
});

scenario("what is missing, away or wrong is named, with the lines that mend it", async () => {
  const findings = await examine({
    dial: { extension: "PJSIP/1", context: "from-nowhere", number: "1", form: "local" },
    trunks: ["trunk", "dead", "gone"],
    extensions: new Map([["199", "199"]]),
    timeZone: "America/Lima",
  });
  const said = ["context:from-nowhere", "trunk:dead", "trunk:gone", "phones", "time_zone"].map((s) =>
    levelOf(findings, s),
  );
  assert.match(said[0] ?? "", /^error: there is no context from-nowhere/);
  assert.match(said[1] ?? "", /^warning: the trunk dead is away/);
  assert.match(said[2] ?? "", /^warning: there is no trunk gone/);
  assert.match(said[3] ?? "", /^warning: .*199/);
  assert.match(said[4] ?? "", /^error: .*UTC\+00:00.*America\/Lima \(UTC-05:00\)/);
  assert.match(findings.get("context:from-nowhere")?.mend ?? "", /extensions\.conf.*\n\[from-nowhere\]\n/);
});

scenario("an extension that no dialplan reaches is named; one in an included context is not", async () => {
  const findings = await examine({
    extensions: new Map([
      ["101", "500"],
      ["102", "102"],
    ]),
  });
  assert.match(levelOf(findings, "extensions"), /^warning: nobody can dial 500 in from-internal/);
});

scenario(
  "a user who may run commands is warned of and sees more; one who may not look is told what to give him",
  async () => {
    const strong = await examine({ username: "tester" });
    assert.match(levelOf(strong, "rights"), /^warning: .*Command/);
    assert.match(strong.get("cdr")?.message ?? "", /cdr_manager tells of them/);
    const weak = await examine({ username: "weak" });
    assert.match(levelOf(weak, "contexts"), /^warning: the AMI user may not look at the dialplan/);
  },
);

const DEPLOY = join(import.meta.dirname, "..", "..", "..", "deploy", "asterisk");
const etc = (name: string): string => join(asterisk.folder, "etc", "asterisk", name);
const problemsOf = (log: string): string[] =>
  log
    .split("\n")
    .filter(
      (line) =>
        /\b(WARNING|ERROR)\b/.test(line) && /pbx_config|config\.c|pbx\.c|manager\.c|res_sorcery|res_pjsip/.test(line),
    );

const originals = new Map<string, string>();
const loaded = new Set<string>();

/** Lets a file of Asterisk's configuration include one of ours, and nothing else of ours; gives what Asterisk wrote about it. */
async function load(file: string, { behind, reload }: { behind: string; reload: string }): Promise<string[]> {
  const log = join(asterisk.folder, "var", "log", "asterisk", "full");
  const before = readFileSync(log, "utf8").length;
  const original = originals.get(behind) ?? readFileSync(etc(behind), "utf8");
  originals.set(behind, original);
  loaded.add(file);
  const name = `deployed-${file.replaceAll("/", "-")}`;
  writeFileSync(etc(name), changed(readFileSync(join(DEPLOY, file), "utf8")));
  writeFileSync(etc(behind), `${original}\n#include "${name}"\n`);
  await asterisk.cli(reload);
  return problemsOf(readFileSync(log, "utf8").slice(before));
}

/** As an administrator would: addresses and tokens are the test's. */
const changed = (lines: string): string =>
  lines
    .replaceAll("https://enlace.example.test", enlaceUrl)
    .replaceAll("agi://127.0.0.1:4573", `agi://127.0.0.1:${asterisk.agiPort}`)
    .replaceAll("change-me", "pbx-token")
    .replace("[enlace]", "[deployed]"); // of manager.conf: this test has a user of that name

interface Asked {
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}
const asked: Asked[] = [];
let answer = "";

const server = createServer(async (request, response) => {
  asked.push({ url: request.url ?? "", headers: request.headers, body: await text(request) });
  response.writeHead(200, { "content-type": "application/json; charset=utf-8" }).end(answer);
}).listen(0, "127.0.0.1");
await once(server, "listening");
after(() => server.close());
const enlaceUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const listDeployed = (pattern: RegExp): string[] =>
  readdirSync(DEPLOY, { recursive: true, encoding: "utf8" }).filter((name) => pattern.test(name));

scenario("Asterisk takes every file of the dialplan without a word", async () => {
  const redirect = "extensions-redirect.conf"; // which others include by this name
  writeFileSync(etc(redirect), changed(readFileSync(join(DEPLOY, redirect), "utf8")));
  const dialplan = { behind: "extensions.conf", reload: "dialplan reload" };
  for (const file of listDeployed(/extensions[^/]*\.conf$/)) {
    assert.deepEqual(await load(file, dialplan), [], file);
    const contexts = [
      ...readFileSync(etc(`deployed-${file.replaceAll("/", "-")}`), "utf8").matchAll(/^\[([\w-]+)\]/gm),
    ];
    assert.ok(contexts.length > 0, file);
    for (const [, context] of contexts)
      assert.match(await asterisk.cli(`dialplan show ${context}`), /-= \d+ extensions? \(\d+ priorities\)/, context);
  }
});

scenario("the users of manager.conf, browser phones and call records load as they are written", async () => {
  for (const file of listDeployed(/manager(_custom)?\.conf$/).filter((name) => name !== "cdr_manager.conf")) {
    assert.deepEqual(await load(file, { behind: "manager.conf", reload: "manager reload" }), [], file);
    assert.match(await asterisk.cli("manager show user deployed"), /write perm: .*originate/, file);
  }
  const webrtc = { behind: "pjsip.conf", reload: "module reload res_pjsip.so" };
  assert.deepEqual(await load("pjsip-webrtc.conf", webrtc), []);
  assert.match(await asterisk.cli("pjsip show endpoint webrtc-101"), /webrtc\s+: yes/);
  mkdirSync(etc("enlace"), { recursive: true });
  writeFileSync(etc("enlace/enlace-trunks-0.conf"), "");
  assert.deepEqual(await load("pjsip-trunks.conf", webrtc), []);
  const records = { behind: "cdr_manager.conf", reload: "module reload cdr_manager.so" };
  assert.deepEqual(await load("cdr_manager.conf", records), []);
  for (const file of listDeployed(/\.conf$/))
    assert.ok(loaded.has(file) || file === "http.conf", `${file} is looked at`);
});

/** Runs a subroutine on a channel of its own and gives the variables it left. */
async function ask(extension: string): Promise<Record<string, string>> {
  const heard = Promise.withResolvers<AmiMessage>();
  const tester = connect(asterisk, "tester", (message) => {
    if (message.get("UserEvent") === "Asked") heard.resolve(message);
  });
  await isReady(tester);
  const fields = { Channel: "Local/s@enlace-lint/n", Context: "far", Exten: "wait-2", Priority: 1, Async: true };
  await tester.send({
    name: "Originate",
    fields: { ...fields, CallerID: "600000001" },
    variables: { __HOW: extension },
  });
  const message = await heard.promise;
  await tester.stop();
  return Object.fromEntries(["Name", "Plan", "Extension", "Moved"].map((name) => [name, message.get(name) ?? ""]));
}

scenario(
  "over HTTP the PBX asks as Enlace reads it, and takes the name and the plan from what Enlace answers",
  async () => {
    appendFileSync(
      etc("extensions.conf"),
      `
[enlace-lint]
exten => s,1,Set(CALLERID(num)=+34600000001)
 same => n,Gosub(enlace-who,\${HOW},1(0009001))
 same => n,UserEvent(Asked,Name: \${ENLACE_NAME},Plan: \${ENLACE_DIALPLAN},Extension: \${ENLACE_EXTENSION},Moved: \${ENLACE_MOVED})
 same => n,Wait(1)
`,
    );
    await asterisk.cli("dialplan reload");
    answer = '{"Name":"Ann Test | Line A","DialPlan":"mngr7_0009001_1"}';
    assert.deepEqual(await ask("curl"), {
      Name: "Ann Test | Line A",
      Plan: "mngr7_0009001_1",
      Extension: "",
      Moved: "",
    });
    const { url, headers, body } = asked.at(-1) as Asked;
    assert.deepEqual([url, headers.token], ["/api/callevent/getcustomerdata", "pbx-token"]);
    const { UniqueId, ...rest } = JSON.parse(body);
    assert.match(UniqueId, /^\d+\.\d+$/);
    assert.deepEqual(rest, { Phone: "+34600000001", TrunkId: "0009001", LoadDialPlan: "true" });
    for (const nothing of ['{"Name":"","DialPlan":null}', "<html>502</html>", ""]) {
      answer = nothing;
      assert.deepEqual(await ask("curl"), { Name: "", Plan: "", Extension: "", Moved: "" }, nothing);
    }
    answer = '{"redirected":false}';
    assert.equal((await ask("move")).Moved, "{redirected:false}"); // UserEvent takes the quotes away
    const moved = asked.at(-1) as Asked;
    assert.match(moved.headers["content-type"] ?? "", /^application\/json$/);
    assert.equal(JSON.parse(moved.body).phone, "+34600000001");
  },
);

scenario("over FastAGI the PBX asks with its token and line, and the call goes on when Enlace is away", async (t) => {
  assert.deepEqual(await ask("agi"), { Name: "", Plan: "", Extension: "", Moved: "" });
  const seen: unknown[] = [];
  const agi = createAgiServer({
    ...{ host: "127.0.0.1", port: asterisk.agiPort, allow: ["127.0.0.1"], clock: systemClock, log: silentLog },
    onCall: async (channel) => {
      seen.push([channel.script, channel.args]);
      await channel.setVariable("ENLACE_NAME", "Ann Test");
      await channel.setVariable("ENLACE_EXTENSION", "102");
    },
  });
  await agi.start();
  t.after(() => agi.stop());
  assert.deepEqual(await ask("agi"), { Name: "Ann Test", Plan: "", Extension: "102", Moved: "" });
  assert.deepEqual(seen, [["redirect", ["token=pbx-token", "0009001"]]]);
});

scenario(
  "what stops a dialer first is seen by the user that Enlace has: open files, modules, ports; and what hides them is named",
  async () => {
    const findDialer = async (more: Partial<PbxRecord> = {}): Promise<string[]> =>
      [...(await examine(more)).values()]
        .filter(({ subject }) => subject.startsWith("dialer"))
        .map(({ subject, level, message }) => `${subject} ${level}: ${message}`);
    assert.match((await findDialer()).join(), /^dialer ok: no context enlace-ivr/);
    await load("extensions-dialer.conf", { behind: "extensions.conf", reload: "dialplan reload" });
    const limits = readFileSync(
      `/proc/${readFileSync(join(asterisk.folder, "asterisk.pid"), "utf8").trim()}/limits`,
      "utf8",
    );
    const [, files = ""] = /^Max open files +(\d+)/m.exec(limits) ?? [];
    const well = await findDialer();
    assert.deepEqual(
      well.map((line) => /^\S+ \w+/.exec(line)?.[0]),
      ["dialer ok", "dialer:files ok", "dialer:modules ok", "dialer:ports ok"],
    );
    assert.match(well[1] ?? "", new RegExp(`${files} open files`));

    const rtp = readFileSync(etc("rtp.conf"), "utf8");
    writeFileSync(etc("rtp.conf"), "[general]\nrtpstart = 10000\nrtpend = 10099\n");
    const amd = readFileSync(etc("amd.conf"), "utf8");
    writeFileSync(etc("amd.conf"), "");
    const narrow = await findDialer();
    assert.ok(narrow.some((line) => /^dialer:ports warning: RTP ports 10000 to 10099 are some 25 calls/.test(line)));
    assert.ok(
      narrow.some((line) => /^dialer:app_amd warning: amd.conf is missing/.test(line)),
      narrow.join("\n"),
    );
    writeFileSync(etc("rtp.conf"), rtp);
    writeFileSync(etc("amd.conf"), amd);

    await asterisk.cli("module unload app_waitforsilence.so");
    const lacking = await findDialer();
    await asterisk.cli("module load app_waitforsilence.so");
    assert.ok(
      lacking.some((line) => /^dialer:app_waitforsilence warning: .*not loaded/.test(line)),
      lacking.join("\n"),
    );

    for (const module of ["func_module", "func_config"]) await asterisk.cli(`module unload ${module}.so`);
    const blind = await findDialer();
    const strong = await findDialer({ username: "tester" });
    for (const module of ["func_module", "func_config"]) await asterisk.cli(`module load ${module}.so`);
    assert.ok(
      blind.some((line) => /^dialer:modules warning: func_module is not loaded/.test(line)),
      blind.join("\n"),
    );
    assert.ok(blind.some((line) => /^dialer:ports warning: func_config is not loaded/.test(line)));
    assert.ok(!strong.some((line) => / warning/.test(line)), `for a moment, with more rights: ${strong.join()}`);
  },
);

scenario("records that come over AMI alone are warned of, with where those of a gap can be read", async () => {
  const findings = await examine({ cdr: { kind: "ami" } });
  assert.match(levelOf(findings, "cdr:gaps"), /^warning: records are heard over AMI alone/);
  assert.match(findings.get("cdr:gaps")?.mend ?? "", /enlace pbx cdr "main" --kind mysql/);
  // Asterisk keeps it as long as the record of a call is open, also of one that another scenario has just ended.
  await eventually(async () => {
    await asterisk.cli("module unload cdr_manager.so");
    const without = await examine({ cdr: { kind: "ami" } });
    assert.match(levelOf(without, "cdr"), /^warning: cdr_manager is not loaded/);
  });
  await asterisk.cli("module load cdr_manager.so");
});
