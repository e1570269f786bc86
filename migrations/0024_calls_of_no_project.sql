-- A supervisor's list of calls is merged of the calls of each project of theirs, which have an index, and the calls of no project,
-- which now have one too: beside a project that dials a hundred thousand numbers a day they would be far apart.
create index calls_no_project on calls (tenant_id, started_at desc, id desc) where project_id is null;
