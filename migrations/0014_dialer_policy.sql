-- Whom not to call, which rules hold, under which numbers we show ourselves, and why a number was (not) called.

-- Do-not-call: of the whole tenant, of one project, or of one campaign. It holds on every channel and never ends by itself.
create table suppressions (
  tenant_id   integer not null references tenants,
  id          bigint generated always as identity,
  number      text not null check (number ~ '^\+[1-9][0-9]{4,14}$'),
  project_id  bigint,
  campaign_id bigint,
  reason      text not null default '',
  -- How it came: a key or word of the person themselves, a person at the console, a program, a list.
  source      text not null check (source in ('opt_out', 'console', 'api', 'import')),
  created_by  text not null,
  created_at  timestamptz not null,
  primary key (tenant_id, id),
  check (project_id is null or campaign_id is null),
  foreign key (tenant_id, project_id) references projects (tenant_id, id) on delete cascade
);
create unique index suppressions_number on suppressions (tenant_id, number text_pattern_ops, project_id, campaign_id) nulls not distinct;
create index suppressions_project on suppressions (tenant_id, project_id, id desc) where project_id is not null;
create index suppressions_campaign on suppressions (tenant_id, campaign_id, id desc) where campaign_id is not null;

-- A tenant's rules of a land and a purpose; what they say is in the versions, which never change.
create table policies (
  tenant_id  integer not null references tenants,
  id         bigint generated always as identity,
  name       text not null,
  -- The pack it was copied from.
  template   text not null,
  version    integer not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  deleted_at timestamptz,
  primary key (tenant_id, id)
);
create unique index policies_name on policies (tenant_id, lower(name)) where deleted_at is null;

create table policy_versions (
  tenant_id         integer not null,
  policy_id         bigint not null,
  version           integer not null,
  -- As validated by dialer/policy/schema.ts.
  pack              jsonb not null,
  created_by        text not null,
  created_at        timestamptz not null,
  -- Nobody is called under it before somebody has put their name to it.
  acknowledged_by   text,
  acknowledged_name text,
  acknowledged_at   timestamptz,
  primary key (tenant_id, policy_id, version),
  foreign key (tenant_id, policy_id) references policies (tenant_id, id)
);

-- On what grounds a project's people may be called, as its tenant says; a contact's own column outweighs it.
create table project_consents (
  tenant_id  integer not null,
  project_id bigint not null,
  basis      text not null check (basis in ('none', 'legitimate_interest', 'contract', 'express', 'express_written')),
  -- Where and when it was given, in words.
  evidence   text not null,
  stated_by  text not null,
  stated_at  timestamptz not null,
  primary key (tenant_id, project_id),
  foreign key (tenant_id, project_id) references projects (tenant_id, id) on delete cascade
);

-- Every call that was allowed, by the number called: what caps are counted from, and half of the ledger. Cut by month.
create table number_attempts (
  tenant_id      integer not null,
  number         text not null,
  -- When it was allowed.
  at             timestamptz not null,
  attempt_id     text not null,
  project_id     bigint not null,
  campaign_id    bigint,
  contact_id     bigint,
  source         text not null,
  debt           text,
  caller_id      text,
  -- `<policy>@<version>`; null where no policy was asked for.
  policy_version text,
  inputs         jsonb not null default '{}',
  -- False: it never reached the person's line, so it is no attempt at them.
  counted        boolean not null default true,
  -- A person talked with us.
  reached        boolean not null default false,
  disposition    text,
  settled_at     timestamptz,
  primary key (tenant_id, number, at, attempt_id)
) partition by range (at);
create index number_attempts_debt on number_attempts (tenant_id, debt, at desc) where debt is not null;

-- The other half: for each number, project, campaign and rule, the last time that it kept us from calling.
create table dial_blocks (
  tenant_id      integer not null references tenants,
  number         text not null,
  project_id     bigint not null,
  campaign_id    bigint not null default 0,
  rule           text not null,
  contact_id     bigint,
  source         text not null,
  final          boolean not null,
  next_at        timestamptz,
  policy_version text,
  inputs         jsonb not null,
  times          integer not null default 1,
  first_at       timestamptz not null,
  last_at        timestamptz not null,
  primary key (tenant_id, number, project_id, campaign_id, rule)
);
create index dial_blocks_old on dial_blocks (last_at);

-- Numbers of the tenant's own that a project may show.
create table caller_ids (
  tenant_id   integer not null,
  id          bigint generated always as identity unique,
  project_id  bigint not null,
  number      text not null check (number ~ '^\+[1-9][0-9]{4,14}$'),
  -- Numbers that begin like this are near; by default what the number itself begins with.
  area_prefix text not null check (area_prefix ~ '^\+[1-9][0-9]{0,9}$'),
  active      boolean not null default true,
  daily_cap   integer check (daily_cap between 1 and 100000),
  created_at  timestamptz not null,
  updated_at  timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, project_id, number),
  foreign key (tenant_id, project_id) references projects (tenant_id, id) on delete cascade
);

create table caller_id_days (
  tenant_id    integer not null,
  caller_id_id bigint not null,
  -- In the project's zone.
  day          date not null,
  calls        integer not null default 0,
  -- Calls whose end is known, and those of them that were picked up.
  ended        integer not null default 0,
  answers      integer not null default 0,
  primary key (tenant_id, caller_id_id, day),
  foreign key (tenant_id, caller_id_id) references caller_ids (tenant_id, id) on delete cascade
);

-- Of projects whose calls go to people at desks: what their pacing is bounded by. Days of UTC.
create table agent_days (
  tenant_id  integer not null,
  project_id bigint not null,
  day        date not null,
  -- Calls that are over, those of them that a person answered, and those who then found nobody.
  ended      integer not null default 0,
  live       integer not null default 0,
  abandoned  integer not null default 0,
  primary key (tenant_id, project_id, day),
  foreign key (tenant_id, project_id) references projects (tenant_id, id) on delete cascade
);
