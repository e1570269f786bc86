import type pg from "pg";

/** A table of the schema as backup and restore need it. */
export interface TableShape {
  name: string;
  /** Columns that hold values of their own (not computed ones), in their order. */
  columns: readonly string[];
  identities: readonly string[];
  /** Names of its partitions; empty when it has none. */
  partitions: readonly string[];
  /** Tables its foreign keys point to. */
  references: readonly string[];
}

/** Tables of the current schema without `except`, each after those it refers to. Partitions are not listed apart. */
export async function loadTables(client: pg.ClientBase, except: readonly string[]): Promise<TableShape[]> {
  const { rows } = await client.query<TableShape>(
    `select c.relname as name,
            (select coalesce(json_agg(a.attname order by a.attnum), '[]') from pg_attribute a
              where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
            (select coalesce(json_agg(a.attname order by a.attnum), '[]') from pg_attribute a
              where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attidentity <> '') as identities,
            (select coalesce(json_agg(p.relname order by p.relname), '[]') from pg_inherits i
               join pg_class p on p.oid = i.inhrelid where i.inhparent = c.oid) as partitions,
            (select coalesce(json_agg(distinct r.relname), '[]') from pg_constraint k join pg_class r on r.oid = k.confrelid
              where k.conrelid = c.oid and k.contype = 'f' and k.confrelid <> c.oid) as references
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = current_schema() and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> all($1)
      order by c.relname`,
    [except],
  );
  return inOrderOfReference(rows);
}

function inOrderOfReference(tables: readonly TableShape[]): TableShape[] {
  const names = new Set(tables.map((table) => table.name));
  const ordered: TableShape[] = [];
  const placed = new Set<string>();
  while (ordered.length < tables.length) {
    const ready = tables.filter(
      (table) => !placed.has(table.name) && table.references.every((name) => placed.has(name) || !names.has(name)),
    );
    if (ready.length === 0) throw new Error("the tables refer to each other in a circle");
    for (const table of ready) placed.add(table.name);
    ordered.push(...ready);
  }
  return ordered;
}
