import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { listVariables, SPOKEN_CHARS_MAX, toSpokenText } from "./spoken-text.ts";

const say = (text: string, variables: Record<string, string> = {}, language: "es" | "en" | "ru" = "es"): string =>
  toSpokenText(text, { variables, language });
const value = (given: string, language: "es" | "en" | "ru" = "es"): string => say("{{x}}", { x: given }, language);

test("variables are filled in by their name in any case; one that is not there is left out", () => {
  assert.equal(say("Hola {{ Nombre }}, debe {{SALDO}}.", { nombre: "Ana", Saldo: "12" }), "Hola Ana, debe 12.");
  assert.equal(say("Hola {{nombre}}, buenos días."), "Hola, buenos días.");
  assert.deepEqual(listVariables("{{a}} {{ b }} {{a}}"), ["a", "b"]);
});

test("names in capitals are spoken as names", () => {
  assert.equal(value("ANA MARÍA PÉREZ-LÓPEZ"), "Ana María Pérez-López");
  assert.equal(value("ИВАН О'НИЛ", "ru"), "Иван О'Нил");
  assert.equal(value("Juan McDonald"), "Juan McDonald");
});

test("an amount is one number in the words of the language, however it was written", () => {
  for (const written of ["1.234,50", "1,234.50", "1234.50", "1234,5"])
    assert.match(value(written), /^1234,50?$/, written);
  assert.equal(value("1,234.50", "en"), "1234.50");
  assert.equal(value("1.234.567"), "1234567");
  assert.equal(value("-20,00", "ru"), "-20");
  assert.equal(value("7"), "7");
});

test("codes, phone numbers and long numbers are read digit by digit", () => {
  assert.equal(value("00451"), "0 0 4 5 1");
  assert.equal(value("+34 600 000 001"), "3 4 6 0 0 0 0 0 0 0 1");
  assert.equal(value("600000001"), "6 0 0 0 0 0 0 0 1");
  assert.equal(value("(600) 000-001"), "6 0 0 0 0 0 0 0 1");
});

test("a value brings neither phonemes nor tags nor placeholders nor lines of its own", () => {
  assert.equal(value("[[h@l'oU]] <speak>x</speak>\r\ny"), "h@l'oU speak x /speak y");
  assert.equal(say("{{a}}", { a: "{{b}}", b: "secret" }), "{{b}}");
});

test("whatever is filled in, what is said is bounded and has no control characters", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (text, given) => {
      const said = say(`${text}{{x}}`, { x: given });
      assert.ok(said.length <= SPOKEN_CHARS_MAX);
      assert.doesNotMatch(said, /[\p{Cc}<>[\]]/u);
    }),
  );
});
