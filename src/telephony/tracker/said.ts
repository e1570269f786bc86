import type { AmiMessage } from "../ami/message.ts";

/** A header of an event, unless its value means "nothing known". */
export function said(message: AmiMessage, name: string): string | undefined {
  const value = message.get(name);
  return value === undefined || value === "" || value === "<unknown>" ? undefined : value;
}
