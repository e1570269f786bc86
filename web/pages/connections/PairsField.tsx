import { Button, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { api, ask } from "../../api/client.ts";
import { useText } from "../../locales/text.tsx";
import { useMay } from "../../ui/current-user.ts";
import type { FieldSchema } from "./settings-schema.ts";

interface PairsFieldProps {
  path: string;
  schema: FieldSchema;
  value: unknown;
  problem: string | undefined;
  onChange(value: Record<string, string>): void;
}

interface Pair {
  /** Of the row on the screen. */
  row: number;
  name: string;
  text: string;
}

/** Names and what belongs to each, a line a pair. Where they are extensions, those of the tenant are offered and missing ones told. */
export function PairsField({ path, schema, value, problem, onChange }: PairsFieldProps) {
  const { t } = useText();
  const listId = useId();
  const extensions = useExtensions(/extension/i.test(path));
  const [pairs, setPairs] = useState<readonly Pair[]>(() => toPairs(value));
  const change = (next: readonly Pair[]): void => {
    setPairs(next);
    onChange(Object.fromEntries(next.filter(({ name }) => name !== "").map(({ name, text }) => [name, text])));
  };
  const edit = (row: number, changed: Partial<Pair>): void =>
    change(pairs.map((pair) => (pair.row === row ? { ...pair, ...changed } : pair)));
  const toProblem = ({ row, name }: Pair): string | null => {
    if (name === "") return null;
    if (pairs.some((other) => other.row !== row && other.name === name)) return t("pairs.twice");
    return extensions && !extensions.has(name) ? t("pairs.unknownExtension") : null;
  };
  return (
    <fieldset className="pairs">
      <legend>{schema.title ?? path}</legend>
      {schema.description && <p className="quiet small">{schema.description}</p>}
      {problem && <p className="note note-bad small">{problem}</p>}
      {pairs.map((pair, index) => (
        <div key={pair.row} className="row pair">
          <TextInput
            aria-label={t(extensions ? "pairs.extension" : "pairs.name", { number: index + 1 })}
            placeholder={extensions ? "101" : ""}
            value={pair.name}
            error={toProblem(pair)}
            {...(extensions && { list: listId })}
            onChange={(event) => edit(pair.row, { name: event.currentTarget.value.trim() })}
          />
          <span aria-hidden="true">→</span>
          <TextInput
            aria-label={t("pairs.value", { number: index + 1 })}
            value={pair.text}
            onChange={(event) => edit(pair.row, { text: event.currentTarget.value })}
          />
          <Button variant="default" onClick={() => change(pairs.filter(({ row }) => row !== pair.row))}>
            {t("action.remove")}
            <span className="visually-hidden"> {pair.name || index + 1}</span>
          </Button>
        </div>
      ))}
      {extensions && (
        <datalist id={listId}>
          {[...extensions].map(([number, name]) => (
            <option key={number} value={number}>
              {name}
            </option>
          ))}
        </datalist>
      )}
      <div>
        <Button
          variant="default"
          onClick={() =>
            change([...pairs, { row: Math.max(0, ...pairs.map(({ row }) => row)) + 1, name: "", text: "" }])
          }
        >
          {t("pairs.add")}
        </Button>
      </div>
    </fieldset>
  );
}

function toPairs(value: unknown): Pair[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).map(([name, text], row) => ({ row, name, text: String(text) }));
}

/** The tenant's desks by number; `undefined` when they are not wanted, not known, or there are none to hold names against. */
function useExtensions(isWanted: boolean): ReadonlyMap<string, string> | undefined {
  const may = useMay();
  const { data } = useQuery({
    queryKey: ["extensions", "names"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/extensions", { signal, params: { query: { limit: 200 } } })),
    enabled: isWanted && may("GET /api/v1/extensions"),
  });
  if (!isWanted || !data || data.items.length === 0 || data.next_cursor) return undefined;
  return new Map(data.items.map(({ number, name }) => [number, name]));
}
