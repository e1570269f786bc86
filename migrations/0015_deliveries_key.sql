-- Two indexes of `deliveries` began with the tenant, and while the planner knows nothing of a young table (its first minute, and
-- that of each month's partition) both cost the same to it: it looked for one delivery by walking all of the tenant's. The
-- lookups of the hot statements now fit one index only. A subject's id is all but unique, so it comes first.
do $$
declare
  old name;
begin
  select conname into strict old from pg_constraint where conrelid = 'deliveries'::regclass and contype = 'u';
  execute format('alter table deliveries drop constraint %I', old);
end
$$;
alter table deliveries add constraint deliveries_subject
  unique (subject_id, subject_kind, connection_id, tenant_id, kind, name, sequence, subject_created_at);
