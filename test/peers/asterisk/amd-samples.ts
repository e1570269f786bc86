// What people and machines say when they are called, made with espeak-ng and sox: labelled, and the same every time.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toWav } from "../../../src/dialer/audios/wav.ts";

const HERTZ = 8_000;

/** Silence and tones are neither: nobody is there to be let down. */
export type Label = "human" | "machine" | "nobody";

export interface Sample {
  label: Label;
  /** What makes it easy or hard. */
  kind: string;
  parts: readonly Part[];
  /** Of white noise under all of it, as a share of full scale; street noise is about 0.01, a bad line 0.03. */
  noise?: number;
}

type Part = { say: string; voice: string; faster?: number } | { silence: number } | { tone: number; seconds: number };

/** The default arguments were chosen on the first voices; the others, faster ones, hold the choice to account. */
const VOICES = {
  chosen: { es: ["es-419", "es+f3"], en: ["en-us", "en-gb+f3"], ru: ["ru", "ru+f3"] },
  heldOut: { es: ["es+m7", "es-419+f5"], en: ["en-gb-scotland+m3", "en-us+f5"], ru: ["ru+m7", "ru+f5"] },
} as const;
export type VoiceSet = keyof typeof VOICES;
type Language = keyof (typeof VOICES)["chosen"];
const WORDS_PER_MINUTE: Record<VoiceSet, number> = { chosen: 155, heldOut: 185 };

const HELLOS: Record<Language, readonly string[]> = {
  es: ["¿Aló?", "¿Bueno?", "Hola, dígame.", "¿Sí?"],
  en: ["Hello?", "Yes?", "Hi, hello."],
  ru: ["Алло?", "Да.", "Слушаю вас."],
};
const LONG_HELLOS: Record<Language, readonly string[]> = {
  es: ["Hola, buenos días, ¿quién habla?"],
  en: ["Hello, this is John speaking."],
  ru: ["Алло, здравствуйте, кто это говорит?"],
};
const COMPANIES: Record<Language, readonly string[]> = {
  es: ["Ferretería El Martillo, buenos días, habla Marcela, ¿en qué lo puedo ayudar?"],
  en: ["Good morning, Smith and Sons, Linda speaking, how may I help you?"],
  ru: ["Компания Ромашка, добрый день, меня зовут Анна, чем могу помочь?"],
};
const MACHINES: Record<Language, readonly string[]> = {
  es: [
    "Usted se ha comunicado con el buzón de voz de la familia González. En este momento no podemos atender su llamada. Por favor, deje su mensaje después del tono.",
    "El número al que usted llama no está disponible. Deje su mensaje al escuchar la señal.",
  ],
  en: [
    "Hi, you have reached the voice mailbox of John Smith. I am not available right now. Please leave a message after the tone.",
    "The person you are trying to reach is not available. At the tone, please record your message.",
  ],
  ru: [
    "Здравствуйте. Вы позвонили на автоответчик. Сейчас мы не можем ответить на ваш звонок. Оставьте сообщение после сигнала.",
    "Абонент временно недоступен. Пожалуйста, оставьте сообщение после гудка.",
  ],
};
/** The hard ones: a greeting, a pause as a person makes it, and only then the rest. */
const PAUSING_MACHINES: Record<Language, readonly [string, string]> = {
  es: ["Hola, soy Juan.", "Ahora no puedo atender. Deja tu mensaje después del tono."],
  en: ["Hi, this is John.", "I can't take your call now. Leave a message after the tone."],
  ru: ["Привет, это Иван.", "Сейчас не могу ответить. Оставьте сообщение после сигнала."],
};
const SHORT_MACHINES: Record<Language, string> = {
  es: "Deje su mensaje.",
  en: "Leave a message.",
  ru: "Оставьте сообщение.",
};

const BEEP: readonly Part[] = [{ silence: 0.5 }, { tone: 1_000, seconds: 0.6 }];
/** A European ringing tone, from a carrier that says "answered" too early. */
const RINGING: readonly Part[] = [{ tone: 425, seconds: 1 }, { silence: 1.5 }];

/** The whole set, in a fixed order. */
export function listSamples(set: VoiceSet): Sample[] {
  const languages = Object.keys(VOICES[set]) as Language[];
  const people = languages.flatMap((language) => listPeople(language, VOICES[set][language]));
  const machines = languages.flatMap((language) => listMachines(language, VOICES[set][language]));
  return [...people, ...machines, ...NOBODY];
}

function listPeople(language: Language, voices: readonly string[]): Sample[] {
  const human = (kind: string, parts: readonly Part[], noise?: number): Sample => ({
    ...{ label: "human", kind, parts: [{ silence: 0.4 }, ...parts] },
    ...(noise !== undefined && { noise }),
  });
  return voices.flatMap((voice) => {
    const [hello = ""] = HELLOS[language];
    return [
      ...HELLOS[language].map((say) => human("short word", [{ say, voice }])),
      ...LONG_HELLOS[language].map((say) => human("a sentence", [{ say, voice }])),
      ...COMPANIES[language].map((say) => human("company", [{ say, voice, faster: 20 }])),
      human("asks twice", [{ say: hello, voice }, { silence: 1.2 }, { say: hello, voice }]),
      human("late, after 2 s", [{ silence: 1.6 }, { say: hello, voice }]),
      human("late, after 4 s", [{ silence: 3.6 }, { say: hello, voice }]),
      human("street noise", [{ say: hello, voice }], 0.01),
      human("bad line", [{ say: hello, voice }], 0.03),
      human("rings after the answer", [...RINGING, { say: hello, voice }]),
    ];
  });
}

function listMachines(language: Language, voices: readonly string[]): Sample[] {
  const machine = (kind: string, parts: readonly Part[], noise?: number): Sample => ({
    ...{ label: "machine", kind, parts: [{ silence: 0.4 }, ...parts, ...BEEP] },
    ...(noise !== undefined && { noise }),
  });
  return voices.flatMap((voice) => {
    const [long = ""] = MACHINES[language];
    const [name, rest] = PAUSING_MACHINES[language];
    return [
      ...MACHINES[language].map((say) => machine("long greeting", [{ say, voice }])),
      machine("begins after 1.5 s", [{ silence: 1.1 }, { say: long, voice }]),
      machine("pauses after the name", [{ say: name, voice }, { silence: 0.6 }, { say: rest, voice }]),
      machine("pauses long", [{ say: name, voice }, { silence: 1.1 }, { say: rest, voice }]),
      machine("short greeting", [{ say: SHORT_MACHINES[language], voice }]),
      machine("noise", [{ say: long, voice }], 0.01),
    ];
  });
}

const NOBODY: readonly Sample[] = [
  { label: "nobody", kind: "silence", parts: [{ silence: 1 }] },
  { label: "nobody", kind: "noise only", parts: [{ silence: 1 }], noise: 0.02 },
  { label: "nobody", kind: "a tone", parts: [{ tone: 440, seconds: 10 }] },
  {
    label: "nobody",
    kind: "fax",
    parts: [{ tone: 1_100, seconds: 0.5 }, { silence: 3 }, { tone: 1_100, seconds: 0.5 }],
  },
];

const LISTENS_SECONDS = 9;

/** Writes `<folder>/<index>.wav` for each: 8 kHz, and silence at the end, because who listens sends some. */
export function writeSamples(folder: string, set: VoiceSet): void {
  mkdirSync(folder, { recursive: true });
  for (const [index, { parts, noise = 0 }] of listSamples(set).entries()) {
    const place = { folder, wordsPerMinute: WORDS_PER_MINUTE[set] };
    const sound = [...parts, { silence: LISTENS_SECONDS }].map((part) => toSamples(part, place));
    const whole = Int16Array.from(sound.flatMap((piece) => [...piece]));
    const random = createNoise(index + 1);
    const heard = whole.map((value) => clip(value + noise * 32_767 * random()));
    writeFileSync(join(folder, `${index}.wav`), toWav(Buffer.from(heard.buffer)));
  }
}

interface Place {
  folder: string;
  /** Of those who speak as people do; companies are faster. */
  wordsPerMinute: number;
}

function toSamples(part: Part, place: Place): Int16Array {
  if ("silence" in part) return new Int16Array(Math.round(part.silence * HERTZ));
  if ("say" in part) return speak(part, place);
  return Int16Array.from({ length: Math.round(part.seconds * HERTZ) }, (_, index) =>
    Math.round(9_000 * Math.sin((2 * Math.PI * part.tone * index) / HERTZ)),
  );
}

/** As a telephone line has it: 300 to 3,400 Hz, at -6 dB. */
function speak({ say, voice, faster = 0 }: Extract<Part, { say: string }>, place: Place): Int16Array {
  const { folder, wordsPerMinute } = place;
  const [spoken, line] = [join(folder, "spoken.wav"), join(folder, "line.raw")];
  execFileSync("espeak-ng", ["-v", voice, "-s", String(wordsPerMinute + faster), "-w", spoken, "--stdin"], {
    input: say,
  });
  const format = ["-t", "raw", "-e", "signed-integer", "-b", "16", "-c", "1", "-r", String(HERTZ)];
  execFileSync("sox", ["-q", "-D", spoken, ...format, line, "sinc", "300-3400", "norm", "-6"]);
  const bytes = readFileSync(line);
  rmSync(spoken);
  rmSync(line);
  return new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2).slice();
}

/** The same noise at every run: -1 … 1, of a linear congruence. */
function createNoise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

const clip = (value: number): number => Math.max(-32_768, Math.min(32_767, Math.round(value)));
