-- Smart redirect: what a tenant wants of it, and what was decided for every call that asked.

create table smart_redirects (
  tenant_id  integer primary key references tenants,
  -- As validated by telephony/redirect/schema.ts.
  settings   jsonb not null,
  updated_at timestamptz not null
);

create table redirect_decisions (
  tenant_id   integer not null references tenants,
  id          bigint generated always as identity,
  at          timestamptz not null,
  -- Who asked: an older dialplan, the API, a FastAGI script.
  source      text not null check (source in ('getcustomerdata', 'smart-redirect', 'agi')),
  unique_id   text not null,
  -- E.164, or as it was written where it is no number.
  phone       text not null,
  trunk       text not null,
  mode        text not null,
  reason      text not null,
  name        text not null,
  extension   text,
  dial_plan   text,
  duration_ms integer not null,
  -- What was looked at, step by step, in words.
  steps       jsonb not null,
  primary key (tenant_id, id)
);
create index redirect_decisions_phone on redirect_decisions (tenant_id, phone, id desc);
-- Decisions come in the order of this instant: a few blocks tell retention where the old ones lie.
create index redirect_decisions_at on redirect_decisions using brin (at) with (autosummarize = on);
