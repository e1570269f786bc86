import assert from "node:assert/strict";
import { test } from "node:test";
import { maskForm, maskHeaders, maskJson, maskTexts } from "./masking.ts";

test("a given secret disappears however it is written", () => {
  const secret = 'a+b/"c';
  const text = `${secret} ${encodeURIComponent(secret)} ${JSON.stringify({ secret })} ${new URLSearchParams({ secret })}`;
  assert.equal(maskTexts(text, [secret]), '[redacted] [redacted] {"secret":"[redacted]"} secret=[redacted]');
  assert.equal(maskTexts("abc", ["a"]), "abc");
});

test("credentials in query strings and forms are blanked and the rest is kept", () => {
  assert.equal(
    maskForm("https://crm.example.test/webservice.php?operation=query&sessionName=abc123&query=select"),
    "https://crm.example.test/webservice.php?operation=query&sessionName=[redacted]&query=select",
  );
  assert.equal(
    maskForm("operation=login&username=api&accessKey=ff00"),
    "operation=login&username=api&accessKey=[redacted]",
  );
});

test("credentials in JSON are blanked, broken off or nested in a string as well", () => {
  assert.equal(maskJson('{"sessionName":"ab\\"c","userId":"19x5"}'), '{"sessionName":"[redacted]","userId":"19x5"}');
  assert.equal(maskJson('{"token" : "abc'), '{"token" : "[redacted]"');
  assert.equal(maskJson('{"api_key": 12345, "n": 1}'), '{"api_key": "[redacted]", "n": 1}');
  assert.equal(
    maskJson('{"element":"{\\"token\\":\\"abc\\",\\"a\\":1}"}'),
    '{"element":"{\\"token\\":\\"[redacted]\\",\\"a\\":1}"}',
  );
});

test("headers that carry credentials are blanked without regard to case", () => {
  assert.deepEqual(maskHeaders({ Authorization: "Basic x", "X-Signature": "ab", accept: "*/*" }), {
    Authorization: "[redacted]",
    "X-Signature": "[redacted]",
    accept: "*/*",
  });
});
