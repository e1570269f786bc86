import assert from "node:assert/strict";
import { test } from "node:test";
import { isPublicAddress } from "./crm-links.ts";

test("an address is public unless its host is one that only a network of its own knows", () => {
  for (const url of ["https://pbx.example.com/r/1.mp3", "http://203.0.113.9/r/1.mp3", "https://[2a01:4f8::1]/1.wav"])
    assert.ok(isPublicAddress(url), url);
  for (const url of [
    "http://192.168.1.10/monitor/1.wav",
    "http://10.0.0.5/1.wav",
    "http://127.0.0.1/1.wav",
    "http://[::1]/1.wav",
    "http://pbx/1.wav",
    "http://pbx.lan/1.wav",
    "http://issabel.local/1.wav",
    "file:///var/spool/asterisk/monitor/1.wav",
    "/var/spool/asterisk/monitor/1.wav",
  ])
    assert.ok(!isPublicAddress(url), url);
});
