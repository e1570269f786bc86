import type { ReactNode } from "react";

export interface Column<T> {
  /** Its heading, and on a telephone the word before the value. */
  label: string;
  /** `number`, `nowrap`, `break`, `end` … of layout.css. */
  className?: string;
  show(item: T): ReactNode;
}

interface TableProps<T> {
  items: readonly T[];
  columns: readonly Column<T>[];
  keyOf(item: T): string;
  /** For those who hear the table; a heading above it does the same. */
  caption?: string;
  /** Few and narrow columns stay a table on a telephone too. */
  isNarrow?: boolean;
}

/** Rows of one kind; on a telephone each becomes a small card, unless they are narrow. */
export function Table<T>({ items, columns, keyOf, caption, isNarrow = false }: TableProps<T>) {
  return (
    <table className={isNarrow ? "grid-table" : "grid-table folds"}>
      {caption !== undefined && <caption className="visually-hidden">{caption}</caption>}
      <thead>
        <tr>
          {columns.map(({ label, className }) => (
            <th scope="col" key={label} {...(className?.includes("end") && { className: "end" })}>
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <tr key={keyOf(item)}>
            {columns.map(({ label, className, show }) => (
              <td key={label} data-label={label} {...(className !== undefined && { className })}>
                {show(item)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
