-- Where a PBX keeps its call detail records, what was missed of its calls, and how far the comparison has come.

-- Kind and address of the records; a password in it is sealed. See core/pbx-record.ts.
alter table pbxs add column cdr jsonb not null default '{"kind": "ami"}';

-- A stretch of time in which calls may have been missed, or that somebody asks to be compared. An open one is work to do
-- for whoever owns the PBX; a done one is the report.
create table pbx_gaps (
  tenant_id       integer not null,
  pbx_id          bigint not null,
  id              bigint generated always as identity,
  from_at         timestamptz not null,
  to_at           timestamptz not null check (to_at >= from_at),
  reason          text not null check (reason in ('connection_lost', 'not_listening', 'events_dropped', 'check', 'asked')),
  -- `unchecked`: the records could not tell, `problem` says why.
  state           text not null default 'open' check (state in ('open', 'checked', 'unchecked')),
  problem         text,
  -- Records up to here are compared; null before the first page. A pass that was broken off goes on from here.
  checked_until   timestamptz,
  tries           integer not null default 0,
  next_try_at     timestamptz not null,
  -- Calls the PBX has records of; of these unknown to us; added; known, but told wrong or not to the end, and corrected.
  calls           integer not null default 0,
  missing         integer not null default 0,
  added           integer not null default 0,
  corrected       integer not null default 0,
  created_at      timestamptz not null,
  checked_at      timestamptz,
  primary key (tenant_id, pbx_id, id),
  foreign key (tenant_id, pbx_id) references pbxs on delete cascade
);
create unique index pbx_gaps_id on pbx_gaps (id);
create index pbx_gaps_open on pbx_gaps (tenant_id, pbx_id, next_try_at) where state = 'open';

create table pbx_progress (
  tenant_id     integer not null,
  pbx_id        bigint not null,
  -- First time it was heard: what was before is nobody's gap.
  begun_at      timestamptz not null,
  -- Last time the owner of the PBX is known to have heard it.
  heard_at      timestamptz not null,
  -- The regular comparison has come this far.
  checked_until timestamptz not null,
  primary key (tenant_id, pbx_id),
  foreign key (tenant_id, pbx_id) references pbxs on delete cascade
);
