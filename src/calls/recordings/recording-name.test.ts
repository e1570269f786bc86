import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isNamedAfter, toAudioType, toCandidates, toDay } from "./recording-name.ts";

const told = (file: string) => ({
  file,
  pbxFolder: "/var/spool/asterisk/monitor",
  callStartedAt: new Date("2026-11-22T02:30:00Z"),
  timeZone: "America/Lima",
});

test("a bare name is looked for in the folder of the day it names, then of the day the call began on the PBX's calendar", () => {
  const name = "in-0009001-600000001-20261122-013000-1700000100.10.wav";
  const found = toCandidates(told(name));
  assert.equal(found[0], `2026/11/22/${name}`);
  assert.ok(found.includes(`2026/11/21/${name}`), "in Lima it was still the day before");
  assert.ok(found.includes(name));
  assert.ok(found.includes(`2026/11/22/${name.replace(".wav", ".mp3")}`), "converted after the call");
});

test("a path that the PBX tells is taken below its folder; one from elsewhere only by its name", () => {
  assert.equal(toCandidates(told("/var/spool/asterisk/monitor/2026/11/22/a.wav"))[0], "2026/11/22/a.wav");
  assert.equal(toCandidates(told("sales/a.gsm"))[0], "sales/a.gsm");
  assert.ok(toCandidates(told("/etc/asterisk/a.wav")).every((path) => /^(2026\/11\/21\/)?a\.\w+$/.test(path)));
});

test("whatever a caller managed to put into a name, nothing outside the folder and nothing but audio is looked for", () => {
  for (const file of ["../../etc/passwd", "a/../../b.wav", "..", "/", "", "a\u0000.wav", "a/.ssh/id.wav", "C:\\x.wav"])
    assert.deepEqual(toCandidates(told(file)), [], file);
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 60 }), (file) => {
      for (const path of toCandidates(told(file))) {
        assert.ok(!path.startsWith("/") && !path.split("/").some((part) => part === ".." || part === ""), path);
        assert.notEqual(toAudioType(path), undefined, path);
      }
    }),
  );
});

test("a name belongs to a call only by its whole unique id", () => {
  assert.ok(isNamedAfter("q-300-600000001-20261122-130501-1700000100.10.wav", "1700000100.10"));
  assert.ok(!isNamedAfter("q-300-600000001-20261122-130501-1700000100.101.wav", "1700000100.10"));
  assert.ok(!isNamedAfter("q-300-600000001-20261122-130501-11700000100.10.wav", "1700000100.10"));
  assert.ok(!isNamedAfter("anything", ""));
});

test("days are the PBX's", () => {
  assert.equal(toDay(new Date("2026-12-31T23:30:00Z"), "Europe/Madrid"), "2027/01/01");
});
