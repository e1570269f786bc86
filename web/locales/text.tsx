// The console's texts: one JSON file a language, keys typed by the English one, ICU plurals by lingui.
import { setupI18n } from "@lingui/core";
import { compileMessage } from "@lingui/message-utils/compileMessage";
import { createContext, type ReactNode, use, useCallback, useMemo, useState } from "react";
import type english from "./en.json";

export const LANGUAGES = ["en", "es", "ru"] as const;
export type Language = (typeof LANGUAGES)[number];
/** Each in its own words: who cannot read this screen must find theirs. */
export const LANGUAGE_NAMES: Record<Language, string> = { en: "English", es: "Español", ru: "Русский" };
export type TextKey = keyof typeof english;
export type Translate = (key: TextKey, values?: Readonly<Record<string, string | number>>) => string;

const CHOICE = "enlace.language";
const LOADERS: Record<Language, () => Promise<{ default: Record<string, string> }>> = {
  en: () => import("./en.json"),
  es: () => import("./es.json"),
  ru: () => import("./ru.json"),
};

const i18n = setupI18n();
i18n.setMessagesCompiler(compileMessage);

const toLanguage = (text: string | null | undefined): Language | undefined =>
  LANGUAGES.find((language) => text?.toLowerCase().startsWith(language));

/** What the person chose, else what the browser speaks. */
export function findLanguage(): Language {
  return toLanguage(localStorage.getItem(CHOICE)) ?? navigator.languages.map(toLanguage).find(Boolean) ?? "en";
}

export async function loadTexts(language: Language): Promise<void> {
  i18n.loadAndActivate({ locale: language, messages: (await LOADERS[language]()).default });
  document.documentElement.lang = language;
}

/** For what speaks outside of any component; within one, `useText`. */
export const translate: Translate = (key, values) => i18n._(key, values);

interface Texts {
  t: Translate;
  /** Whether there is such a text; for names that come from the server. */
  knows(key: string): boolean;
  /** As `t`, for a name that `knows` has said yes to. */
  say(key: string, values: Readonly<Record<string, string | number>>): string;
  language: Language;
  setLanguage(language: Language): Promise<void>;
}
const TextContext = createContext<Texts | null>(null);

/** Below it everything speaks `initial`, whose texts are loaded, until the person chooses another. */
export function TextProvider({ initial, children }: { initial: Language; children: ReactNode }) {
  const [language, setShown] = useState(initial);
  const setLanguage = useCallback(async (next: Language) => {
    localStorage.setItem(CHOICE, next); // before the texts have come: whoever goes on at once has chosen, too
    await loadTexts(next);
    setShown(next);
  }, []);
  const texts = useMemo<Texts>(() => {
    const t: Translate = (key, values) => i18n._(key, values);
    const knows: Texts["knows"] = (key) => Object.hasOwn(i18n.messages, key);
    const say: Texts["say"] = (key, values) => i18n._(key, values);
    return { t, knows, say, language, setLanguage };
  }, [language, setLanguage]);
  return <TextContext value={texts}>{children}</TextContext>;
}

export function useText(): Texts {
  const texts = use(TextContext);
  if (!texts) throw new Error("useText needs a TextProvider above it");
  return texts;
}
