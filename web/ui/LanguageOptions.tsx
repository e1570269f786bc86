import { LANGUAGE_NAMES, LANGUAGES } from "../locales/text.tsx";

/** Each language in its own words, and said to be in it. */
export function LanguageOptions() {
  return LANGUAGES.map((one) => (
    <option key={one} value={one} lang={one}>
      {LANGUAGE_NAMES[one]}
    </option>
  ));
}
