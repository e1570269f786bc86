-- Campaigns: whom to call for a project, when, and how far it has come. Ten million contacts in one campaign must cost a
-- claim no more than ten thousand: the engine walks `campaign_contacts_pending` and never counts.

create table campaigns (
  tenant_id  integer not null references tenants,
  id         bigint generated always as identity unique,
  project_id bigint not null,
  name       text not null,
  state      text not null default 'draft' check (state in ('draft', 'active', 'paused', 'stopped', 'completed')),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  started_at timestamptz,
  ended_at   timestamptz,
  -- When its contacts were counted afresh after its end.
  counted_at timestamptz,
  -- Gone for people; its contacts are deleted bit by bit, then this row.
  deleted_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, project_id) references projects (tenant_id, id)
);
create index campaigns_project on campaigns (tenant_id, project_id);
create index campaigns_active on campaigns (tenant_id, id) where state = 'active';
create index campaigns_deleted on campaigns (tenant_id, id) where deleted_at is not null;
create index campaigns_uncounted on campaigns (tenant_id, id) where state = 'completed' and counted_at is null;

create table campaign_contacts (
  tenant_id       integer not null,
  campaign_id     bigint not null,
  id              bigint generated always as identity,
  -- E.164; once in a campaign.
  number          text not null,
  variables       jsonb not null default '{}',
  state           text not null default 'pending' check (state in ('pending', 'dialing', 'completed', 'failed', 'skipped')),
  attempts        smallint not null default 0,
  disposition     text,
  -- Not to be dialled before.
  next_at         timestamptz not null,
  last_attempt_at timestamptz,
  -- Which process dials it, and since when.
  claimed_by      text,
  claimed_at      timestamptz,
  created_at      timestamptz not null,
  primary key (tenant_id, campaign_id, id),
  foreign key (tenant_id, campaign_id) references campaigns
) with (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);
create unique index campaign_contacts_number on campaign_contacts (tenant_id, campaign_id, number);
create index campaign_contacts_pending on campaign_contacts (tenant_id, campaign_id, next_at, id) where state = 'pending';
create index campaign_contacts_dialing on campaign_contacts (tenant_id, campaign_id, id) where state = 'dialing';
create index campaign_contacts_outcome on campaign_contacts (tenant_id, campaign_id, disposition, id) where disposition is not null;

-- How many contacts of a campaign are in which state and came out how; each is in exactly one row ('' before any outcome).
-- Every statement that moves contacts moves these numbers with them.
create table campaign_counts (
  tenant_id   integer not null,
  campaign_id bigint not null,
  state       text not null,
  disposition text not null default '',
  contacts    bigint not null,
  primary key (tenant_id, campaign_id, state, disposition),
  foreign key (tenant_id, campaign_id) references campaigns on delete cascade
) with (fillfactor = 30);

-- When a campaign may dial, by the clock of its project's time zone. A window that ends before it starts ends the day after.
create table campaign_schedules (
  tenant_id   integer not null,
  campaign_id bigint not null,
  position    smallint not null,
  -- 0 is Sunday.
  weekday     smallint not null check (weekday between 0 and 6),
  -- Seconds of the day.
  starts      integer not null check (starts between 0 and 86399),
  ends        integer not null check (ends between 0 and 86400),
  enabled     boolean not null default true,
  primary key (tenant_id, campaign_id, position),
  foreign key (tenant_id, campaign_id) references campaigns on delete cascade
);

-- Days on which no campaign of the tenant, or of one project, dials.
create table dialer_holidays (
  tenant_id  integer not null references tenants,
  id         bigint generated always as identity,
  -- Null: all projects.
  project_id bigint,
  on_date    date not null,
  name       text not null default '',
  primary key (tenant_id, id),
  foreign key (tenant_id, project_id) references projects (tenant_id, id) on delete cascade
);
create unique index dialer_holidays_day on dialer_holidays (tenant_id, coalesce(project_id, 0), on_date);

-- A file, or another campaign's contacts, on the way into a campaign. `updated_at` moves while it runs: one that stands
-- still was cut off by a crash and says how far it came.
create table campaign_imports (
  tenant_id   integer not null,
  id          bigint generated always as identity,
  campaign_id bigint not null,
  kind        text not null check (kind in ('csv', 'xlsx', 'recycle')),
  file_name   text not null default '',
  state       text not null default 'running' check (state in ('running', 'finished', 'failed')),
  lines_read  bigint not null default 0,
  inserted    bigint not null default 0,
  duplicates  bigint not null default 0,
  invalid     bigint not null default 0,
  suppressed  bigint not null default 0,
  columns     text[] not null default '{}',
  problem     text,
  created_at  timestamptz not null,
  updated_at  timestamptz not null,
  finished_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, campaign_id) references campaigns on delete cascade
);
create index campaign_imports_campaign on campaign_imports (tenant_id, campaign_id, id desc);
create index campaign_imports_running on campaign_imports (tenant_id, campaign_id) where state = 'running';

-- The first of the lines that could not be taken.
create table campaign_import_problems (
  tenant_id integer not null,
  import_id bigint not null,
  line      bigint not null,
  value     text not null,
  reason    text not null,
  primary key (tenant_id, import_id, line),
  foreign key (tenant_id, import_id) references campaign_imports on delete cascade
);
