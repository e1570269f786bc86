/**
 * What a row of `deliveries` cannot be without. A statement that changes rows it has found and locked inserts them once more
 * with `on conflict (tenant_id, id, subject_created_at) do update`: each finds its row by the key. An UPDATE would be a join,
 * and with the statistics of an empty table the planner reads the whole table for it.
 */
export const ROW =
  "tenant_id, id, connection_id, subject_kind, subject_id, subject_created_at, kind, name, sequence, state, revision, due_at, created_at, updated_at";
