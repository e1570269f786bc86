import { useText } from "../locales/text.tsx";
import { type ServerWords, toSpoken } from "./server-words.ts";

/** Words of the server in the language of the screen; in English, marked as such, where it has no text of that code. */
export function Said(words: ServerWords) {
  const { knows, say } = useText();
  const { text, isOwn } = toSpoken(words, { knows, say });
  return isOwn ? text : <span lang="en">{text}</span>;
}

/** For places that take text only, such as a title or a notice. */
export function useSaid(): (words: ServerWords) => string {
  const { knows, say } = useText();
  return (words) => toSpoken(words, { knows, say }).text;
}
