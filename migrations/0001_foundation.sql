-- Tenants and the people and programs that may act for them; calls and what was told about them; the way out.
-- Every key begins with tenant_id. Facts, deliveries and attempts are partitioned by month; kit/postgres/partitions.ts
-- makes the months, and retention drops them. Instants come from Enlace's clock, never from now().

create table tenants (
  id              integer primary key generated always as identity,
  number          text not null unique check (number ~ '^[0-9A-Za-z_-]{1,32}$'),
  name            text not null,
  time_zone       text not null,
  country         text not null check (country ~ '^[A-Z]{2}$'),
  language        text not null check (language in ('es', 'en', 'ru')),
  is_default      boolean not null default false,
  -- How a webhook signature may be computed; see intake/signature.ts.
  signature_modes text[] not null default '{raw,python-json}' check (signature_modes <@ '{raw,python-json}' and cardinality(signature_modes) > 0),
  disabled_at     timestamptz,
  created_at      timestamptz not null,
  updated_at      timestamptz not null
);
create unique index tenants_default on tenants (is_default) where is_default;

create table webhook_secrets (
  tenant_id  integer not null references tenants,
  id         bigint generated always as identity,
  sealed     text not null,
  origin     text not null check (origin in ('environment', 'api')),
  created_at timestamptz not null,
  -- Null is the current secret; a rotated one stays good until this instant.
  expires_at timestamptz,
  primary key (tenant_id, id)
);

create table users (
  tenant_id     integer not null references tenants,
  id            bigint generated always as identity,
  -- A user logs in without naming the tenant, so names are unique across all of them. Stored in lower case.
  username      text not null unique check (username = lower(username) and username <> ''),
  name          text not null default '',
  role          text not null check (role in ('admin', 'supervisor', 'agent', 'viewer')),
  -- Operators administer tenants; everybody else sees one.
  is_operator   boolean not null default false,
  password_hash text not null,
  must_change_password boolean not null default false,
  disabled_at   timestamptz,
  last_login_at timestamptz,
  created_at    timestamptz not null,
  updated_at    timestamptz not null,
  primary key (tenant_id, id)
);

create table sessions (
  tenant_id    integer not null,
  id           text not null,
  user_id      bigint not null,
  -- SHA-256 of the refresh token; the one before it is kept to notice that a stolen token is used twice.
  token_hash   bytea not null,
  previous_token_hash bytea,
  created_at   timestamptz not null,
  used_at      timestamptz not null,
  expires_at   timestamptz not null,
  revoked_at   timestamptz,
  user_agent   text not null default '',
  address      text not null default '',
  primary key (tenant_id, id),
  foreign key (tenant_id, user_id) references users on delete cascade
);
create index sessions_user on sessions (tenant_id, user_id);
create unique index sessions_id on sessions (id);

create table api_keys (
  tenant_id    integer not null references tenants,
  id           bigint generated always as identity,
  name         text not null,
  -- First characters of the key, shown in lists; the whole key is shown once and never stored.
  prefix       text not null,
  key_hash     bytea not null unique,
  scopes       text[] not null,
  -- Only the key that Enlace keeps for the command line of its own machine.
  is_operator  boolean not null default false,
  created_by   text not null,
  created_at   timestamptz not null,
  last_used_at timestamptz,
  expires_at   timestamptz,
  revoked_at   timestamptz,
  primary key (tenant_id, id)
);

create table audit_log (
  tenant_id integer not null references tenants,
  id        bigint generated always as identity,
  at        timestamptz not null,
  actor     text not null,
  action    text not null,
  target    text not null,
  detail    jsonb not null default '{}',
  address   text not null default '',
  primary key (tenant_id, id)
);

create table connections (
  tenant_id  integer not null references tenants,
  id         bigint generated always as identity unique,
  connector  text not null,
  name       text not null,
  -- As validated by the connector; its secret fields are sealed one by one.
  settings   jsonb not null,
  -- Made from the environment at start (older middleware's names) and kept in step with it.
  origin     text not null default 'api' check (origin in ('environment', 'api')),
  enabled    boolean not null default true,
  version    integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  deleted_at timestamptz,
  primary key (tenant_id, id)
);
create unique index connections_name on connections (tenant_id, name) where deleted_at is null;

-- The moving part of a connection: how hard it may be pressed, and why it stands still.
create table lanes (
  tenant_id       integer not null,
  connection_id   bigint not null unique,
  concurrency     integer not null check (concurrency between 1 and 1000),
  per_second      double precision check (per_second > 0),
  attempts_max    integer not null check (attempts_max between 1 and 1000),
  paused_at       timestamptz,
  paused_by       text,
  -- Wrong credentials or settings; lifted by a successful check or by new settings.
  held_at         timestamptz,
  hold_reason     text,
  -- When a held lane's connection is next checked by itself.
  recheck_at      timestamptz,
  -- Breaker: consecutive failures of the other side; no attempts until open_until, then one at a time.
  failures        integer not null default 0,
  open_until      timestamptz,
  tokens          double precision not null default 0,
  tokens_at       timestamptz not null,
  last_success_at timestamptz,
  last_failure_at timestamptz,
  last_reason     text,
  primary key (tenant_id, connection_id),
  foreign key (tenant_id, connection_id) references connections on delete cascade
);

create table connection_memory (
  tenant_id     integer not null,
  connection_id bigint not null,
  key           text not null,
  sealed        text not null,
  expires_at    timestamptz not null,
  primary key (tenant_id, connection_id, key),
  foreign key (tenant_id, connection_id) references connections on delete cascade
);
create index connection_memory_expiry on connection_memory (expires_at);

create table calls (
  tenant_id       integer not null,
  id              bigint generated always as identity,
  call_uuid       text not null,
  -- Grows by one with every change of what follows; facts that change nothing leave it alone.
  revision        integer not null default 0,
  direction       text not null default 'inbound',
  from_text       text,
  to_text         text,
  from_party      jsonb,
  to_party        jsonb,
  outcome         text not null default 'in_progress',
  phase           text not null default 'ringing',
  started_at      timestamptz not null,
  answered_at     timestamptz,
  ended_at        timestamptz,
  ring_seconds    integer,
  talk_seconds    integer,
  agent_extension text,
  trunk           text,
  pbx             text,
  recording_url   text,
  sources         text[] not null default '{}',
  created_at      timestamptz not null,
  updated_at      timestamptz not null,
  primary key (tenant_id, id)
);
create unique index calls_uuid on calls (tenant_id, call_uuid);
create index calls_started on calls (tenant_id, started_at desc, id desc);
create index calls_from on calls (tenant_id, from_text, started_at desc, id desc);
create index calls_to on calls (tenant_id, to_text, started_at desc, id desc);
create index calls_agent on calls (tenant_id, agent_extension, started_at desc, id desc) where agent_extension is not null;
-- Answered and missed calls are many and found by date; what is rarer, open calls above all, is found by this.
create index calls_rare on calls (tenant_id, outcome, started_at desc, id desc) where outcome not in ('answered', 'missed');
-- Calls come in the order of this instant, so a few blocks tell retention where the old ones lie.
create index calls_created on calls using brin (created_at) with (autosummarize = on);

-- What was told about a call, as understood (fact) and as received (raw). The partition follows the call, not the fact:
-- so a fact told again a month later still meets its first telling.
create table facts (
  tenant_id       integer not null,
  call_id         bigint not null,
  call_created_at timestamptz not null,
  key             text not null,
  source          text not null,
  at              timestamptz not null,
  -- Kept letter by letter (json, not jsonb): every digit, and cheap to take in.
  fact            json not null,
  raw             json not null,
  received_at     timestamptz not null,
  primary key (tenant_id, call_id, key, call_created_at)
) partition by range (call_created_at);

-- The way out. A record is one row per (connection, subject) for ever: revision is what is wanted, delivered_revision what
-- the other side has. A signal is a row of its own (sequence = revision that raised it) and expires.
--   pending → leased → delivered | pending (retry, newer revision, lost lease) | dead; pending → expired; dead → pending (replay) | discarded
create table deliveries (
  tenant_id          integer not null,
  id                 bigint generated always as identity,
  connection_id      bigint not null,
  subject_kind       text not null check (subject_kind in ('call', 'lead')),
  subject_id         bigint not null,
  subject_created_at timestamptz not null,
  kind               text not null check (kind in ('record', 'signal')),
  name               text not null default '',
  sequence           integer not null default 0,
  state              text not null check (state in ('pending', 'leased', 'delivered', 'dead', 'expired', 'discarded')),
  revision           integer not null,
  delivered_revision integer not null default 0,
  leased_revision    integer,
  -- Attempts that count against attempts_max since the last success or replay; tries is all that ever happened.
  attempts           integer not null default 0,
  tries              integer not null default 0,
  due_at             timestamptz not null,
  expires_at         timestamptz,
  lease_owner        text,
  leased_at          timestamptz,
  remote             jsonb,
  reason             text,
  review             text,
  last_attempt_at    timestamptz,
  delivered_at       timestamptz,
  created_at         timestamptz not null,
  updated_at         timestamptz not null,
  primary key (tenant_id, id, subject_created_at),
  -- Begins with the subject, so that it also finds a call's deliveries: each further index is paid for twice per delivery.
  unique (tenant_id, subject_kind, subject_id, connection_id, kind, name, sequence, subject_created_at)
) partition by range (subject_created_at);
create index deliveries_due on deliveries (connection_id, due_at, id) where state = 'pending';
create index deliveries_expiring on deliveries (expires_at) where state = 'pending' and expires_at is not null;
create index deliveries_leased on deliveries (connection_id) where state = 'leased';
create index deliveries_dead on deliveries (tenant_id, id) where state = 'dead';

create table attempts (
  tenant_id     integer not null,
  delivery_id   bigint not null,
  number        integer not null,
  started_at    timestamptz not null,
  duration_ms   integer not null,
  revision      integer not null,
  outcome       text not null check (outcome in ('delivered', 'retry', 'rejected', 'hold', 'lost')),
  reason        text,
  -- Requests and answers, masked and bounded; see kit/http-client.ts.
  exchanges     jsonb not null,
  primary key (tenant_id, delivery_id, number, started_at)
) partition by range (started_at);

-- Living processes. A lease is good while its owner's heartbeat is fresh.
create table workers (
  id           text primary key,
  roles        text[] not null,
  host         text not null,
  pid          integer not null,
  started_at   timestamptz not null,
  heartbeat_at timestamptz not null
);

-- The older middleware's buffer, as its documented SQL expects it (default tenant, first Vtiger connection).
create view voip_call_buffer as
select c.id,
       c.call_uuid,
       (select f.raw::jsonb from facts f
         where f.tenant_id = c.tenant_id and f.call_id = c.id and f.call_created_at = c.created_at
         order by (f.source = 'webhook') desc, f.received_at desc limit 1) as raw_payload,
       case
         when d.delivered_revision > 0 and d.state = 'delivered' then 'sent'
         when d.state = 'dead' or (d.tries > 0 and l.held_at is not null) then 'failed'
         else 'pending'
       end::varchar(16) as status,
       (select count(*)::integer from attempts a
         where a.tenant_id = d.tenant_id and a.delivery_id = d.id and a.outcome <> 'delivered') as retries,
       d.last_attempt_at as last_attempt,
       d.remote ->> 'id' as vtiger_call_id,
       c.created_at
  from calls c
  join tenants t on t.id = c.tenant_id and t.is_default
  left join lateral (
    select n.id from connections n
     where n.tenant_id = c.tenant_id and n.connector = 'vtiger' and n.deleted_at is null
     order by n.id limit 1) v on true
  left join deliveries d on d.tenant_id = c.tenant_id and d.connection_id = v.id and d.subject_kind = 'call'
   and d.subject_id = c.id and d.kind = 'record' and d.subject_created_at = c.created_at
  left join lanes l on l.tenant_id = c.tenant_id and l.connection_id = v.id;
