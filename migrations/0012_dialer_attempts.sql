-- Every try to reach one number: queued, dialled, ended. A row is there before the PBX is asked, so that nobody who is being
-- called is ever forgotten; its id is the channel's.

create table dial_attempts (
  tenant_id             integer not null,
  id                    text not null check (id ~ '^d[0-9a-f]{24}$'),
  -- Cut by month; an attempt stays in the month in which it was asked for.
  queued_at             timestamptz not null,
  project_id            bigint not null,
  campaign_id           bigint,
  contact_id            bigint,
  source                text not null check (source in ('campaign', 'api', 'test')),
  number                text not null,
  variables             jsonb not null default '{}',
  -- Which try at this person, from 1; and how often a trunk failed before it, which is no try.
  ordinal               smallint not null default 1,
  trunk_failures        smallint not null default 0,
  -- Of further tries at a number that a program asked for: the attempt that it was told of.
  first_id              text,
  -- Of what is queued again because this trunk failed: over another, if there is one.
  avoid_trunk_id        bigint,
  state                 text not null check (state in ('queued', 'dialing', 'talking', 'ended')),
  -- Of what is queued: not to be dialled before.
  due_at                timestamptz,
  pbx_id                bigint,
  trunk_id              bigint,
  caller_id             text,
  disposition           text,
  disposition_source    text,
  cause                 smallint,
  digit                 text,
  amd_status            text,
  amd_cause             text,
  dialed_at             timestamptz,
  answered_at           timestamptz,
  ended_at              timestamptz,
  transfer_wait_seconds integer,
  transfer_talk_seconds integer,
  -- Whoever must know of its end does: the campaign, the call's record, the project's webhook.
  told                  boolean not null default false,
  primary key (tenant_id, id, queued_at)
) partition by range (queued_at);
create index dial_attempts_queue on dial_attempts (tenant_id, project_id, due_at, id) where state = 'queued';
create index dial_attempts_open on dial_attempts (tenant_id, pbx_id) where state in ('dialing', 'talking');
create index dial_attempts_untold on dial_attempts (tenant_id, pbx_id) where state = 'ended' and not told;
create index dial_attempts_contact on dial_attempts (tenant_id, campaign_id, contact_id) where contact_id is not null;
create index dial_attempts_newest on dial_attempts (tenant_id, queued_at desc, id desc);
create index dial_attempts_project on dial_attempts (tenant_id, project_id, queued_at desc, id desc);
create index dial_attempts_number on dial_attempts (tenant_id, number, queued_at desc);

-- What an Idempotency-Key stood for; kept for a while.
create table dial_keys (
  tenant_id  integer not null references tenants,
  key_hash   text not null,
  attempt_id text not null,
  created_at timestamptz not null,
  primary key (tenant_id, key_hash)
);
create index dial_keys_created on dial_keys (created_at);

-- Ends of calls that a project's webhook has yet to be told.
create table dial_webhooks (
  tenant_id  integer not null references tenants,
  attempt_id text not null,
  project_id bigint not null,
  -- Signed as it is: the same bytes at each try.
  body       text not null,
  tries      smallint not null default 0,
  -- Null: given up, or told.
  due_at     timestamptz,
  told_at    timestamptz,
  reason     text,
  created_at timestamptz not null,
  primary key (tenant_id, attempt_id)
);
create index dial_webhooks_due on dial_webhooks (due_at, tenant_id) where due_at is not null;
create index dial_webhooks_created on dial_webhooks (created_at) where due_at is null;

-- How much may be dialled at once. Tenant 0 is the whole installation; null: no limit of its own.
create table dialer_limits (
  tenant_id            integer primary key,
  per_second           numeric(7, 3) check (per_second > 0),
  channels_max         integer check (channels_max between 1 and 1000000),
  channels_per_trunk   integer check (channels_per_trunk between 1 and 1000000),
  queue_max            integer check (queue_max between 1 and 1000000),
  updated_at           timestamptz not null
);
