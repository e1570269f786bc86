import type { Command } from "commander";
import { z } from "zod";
import { type ApiClient, parseAnswer, type Query } from "./api-client.ts";
import { JSON_OPTION, type JsonOption } from "./command.ts";
import { parseCount } from "./option-value.ts";

export interface ListOptions extends JsonOption {
  limit: number;
}

export interface ListAnswer {
  items: unknown[];
  next_cursor: string | null;
}

const page = z.object({ items: z.array(z.unknown()), next_cursor: z.string().nullish() });
const PAGE_MAX = 200;

export function addListOptions(command: Command, limit = 50): Command {
  return command.option("-n, --limit <n>", "rows at most", parseCount, limit).option(...JSON_OPTION);
}

/** As many pages as `limit` items take, in the form of one. */
export async function loadList(api: ApiClient, path: string, query: Query, limit: number): Promise<ListAnswer> {
  const items: unknown[] = [];
  let cursor: string | undefined;
  do {
    const size = Math.min(PAGE_MAX, limit - items.length);
    const found = parseAnswer(page, await api.get(path, { ...query, limit: size, cursor }));
    items.push(...found.items);
    cursor = found.next_cursor ?? undefined;
  } while (cursor !== undefined && items.length < limit);
  return { items, next_cursor: cursor ?? null };
}

/** Said below a table that does not show everything. */
export function toMoreText({ items, next_cursor }: ListAnswer): string {
  return next_cursor === null ? "" : `\n${items.length} shown, there are more: --limit`;
}
