/** The filters of the list of deliveries, as they stand in the address. */
export const STATES = ["dead", "pending", "leased", "delivered", "expired", "discarded"] as const;
export type DeliveryState = (typeof STATES)[number];

const WORD_MIN = 2;
const WORD_MAX = 100;

export interface DeliverySearch {
  /** `all` for every state; dead letters when nothing is said. */
  state?: DeliveryState | "all";
  connection?: string;
  kind?: "record" | "signal";
  from?: string;
  to?: string;
  /** A number, a call's name, a record's id, or a word of the reason. */
  word?: string;
}

/** Reads what somebody may have typed into the address; what makes no sense is left out. */
export function parseDeliverySearch(search: Record<string, unknown>): DeliverySearch {
  const { connection, kind, from, to } = search;
  const word = String(search.word ?? "").trim();
  const state = ([...STATES, "all"] as const).find((one) => one === search.state);
  const isDay = (value: unknown): value is string => typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value);
  return {
    ...(state && { state }),
    ...(/^\d+$/.test(String(connection ?? "")) && { connection: String(connection) }),
    ...((kind === "record" || kind === "signal") && { kind }),
    ...(isDay(from) && { from }),
    ...(isDay(to) && { to }),
    ...(word.length >= WORD_MIN && word.length <= WORD_MAX && { word }),
  };
}
