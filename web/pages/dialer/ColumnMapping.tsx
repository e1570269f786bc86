import { Checkbox, NativeSelect, TextInput } from "@mantine/core";
import { useText } from "../../locales/text.tsx";
import { Table } from "../../ui/Table.tsx";
import { COLUMN_USES, changeUse, type MappedColumn, type Mapping } from "./column-mapping.ts";

const NAME_CHARACTERS_MAX = 60;

interface ColumnMappingProps {
  mapping: Mapping;
  onChange(mapping: Mapping): void;
  /** The server reads the list anew: names of columns are values then, or the other way round. */
  onHeader(header: Mapping["header"]): void;
}

/** The columns of a list, one below the other: their first values, and what becomes of each. */
export function ColumnMapping({ mapping, onChange, onHeader }: ColumnMappingProps) {
  const { t } = useText();
  const { header, columns } = mapping;
  const change = (at: number, changes: Partial<MappedColumn>): void =>
    onChange({ ...mapping, columns: columns.map((one, place) => (place === at ? { ...one, ...changes } : one)) });
  const items = columns.map((column, at) => ({ ...column, at }));
  return (
    <>
      <Checkbox
        size="xs"
        label={t("dialer.hasHeader")}
        checked={header === "yes"}
        onChange={(event) => onHeader(event.currentTarget.checked ? "yes" : "no")}
      />
      <div className="card-flush">
        <Table
          caption={t("dialer.preview")}
          items={items}
          keyOf={({ at }) => String(at)}
          columns={[
            { label: t("dialer.column"), className: "break", show: ({ title }) => title },
            {
              label: t("dialer.firstValues"),
              className: "break quiet",
              show: ({ values }) => values.filter(Boolean).join(" · ") || "–",
            },
            {
              label: t("dialer.becomes"),
              show: ({ at, title, use }) => (
                <NativeSelect
                  aria-label={t("dialer.becomesOf", { column: title })}
                  value={use}
                  onChange={(event) => {
                    const chosen = COLUMN_USES.find((one) => one === event.currentTarget.value) ?? "none";
                    onChange({ ...mapping, columns: changeUse(columns, at, chosen) });
                  }}
                  data={COLUMN_USES.map((value) => ({ value, label: t(`dialer.columnIs.${value}`) }))}
                />
              ),
            },
            {
              label: t("dialer.variableName"),
              show: ({ at, title, use, name }) =>
                use === "variable" ? (
                  <TextInput
                    aria-label={t("dialer.variableOf", { column: title })}
                    value={name}
                    maxLength={NAME_CHARACTERS_MAX}
                    onChange={(event) => change(at, { name: event.currentTarget.value })}
                  />
                ) : (
                  "–"
                ),
            },
          ]}
        />
      </div>
    </>
  );
}
