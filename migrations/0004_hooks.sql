-- PBXs that only post events, what they post, and the names under which one call is known to several sources.

-- A PBX without these has no AMI: nobody connects to it.
alter table pbxs
  alter column host drop not null,
  alter column username drop not null,
  alter column sealed_secret drop not null,
  add constraint pbxs_ami_whole check (num_nulls(host, username, sealed_secret) in (0, 3));

-- What a PBX shows with every event it posts. Kept as HMAC under the installation's secret: environments bring tokens that
-- people made up. The token alone names PBX and tenant, so no two are alike.
create table pbx_tokens (
  tenant_id  integer not null,
  id         bigint generated always as identity,
  pbx_id     bigint not null,
  token_hash bytea not null unique,
  origin     text not null check (origin in ('environment', 'api')),
  created_at timestamptz not null,
  -- Null is the current one; one that was rotated stays good until this instant.
  expires_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, pbx_id) references pbxs on delete cascade
);
create index pbx_tokens_pbx on pbx_tokens (tenant_id, pbx_id);

-- Events as posted, until they are told as facts of a call, and for some days more.
--   new → told | held → told | kept;  refused
--   held: waits for what tells its call;  kept: belongs to no call;  refused: fields that cannot be read
create table hook_events (
  tenant_id   integer not null,
  id          bigint generated always as identity,
  pbx_id      bigint not null,
  type        text not null,
  -- Of Asterisk's channel; empty where the event has none.
  unique_id   text not null,
  -- The same event again has the same hash.
  hash        bytea not null,
  body        json not null,
  state       text not null check (state in ('new', 'held', 'told', 'kept', 'refused')),
  problem     text,
  -- The call it belongs to, by the name that hooks know it under.
  call_uuid   text,
  received_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, pbx_id, type, unique_id, hash)
);
create index hook_events_waiting on hook_events (tenant_id, pbx_id, id) where state in ('new', 'held');
create index hook_events_call on hook_events (tenant_id, call_uuid) where call_uuid is not null;
create index hook_events_received on hook_events (received_at);

-- Calls that hooks told of, by the numbers that tie legs to them which share no channel with them.
create table hook_calls (
  tenant_id  integer not null,
  call_uuid  text not null,
  pbx_id     bigint not null,
  -- Number of the one outside, as the PBX writes it.
  outside    text,
  -- Numbers outside that ring for it: a mobile that follows an extension.
  rung       text[] not null default '{}',
  heard_at   timestamptz not null,
  ended_at   timestamptz,
  primary key (tenant_id, call_uuid)
);
create index hook_calls_heard on hook_calls (heard_at);
create index hook_calls_pbx on hook_calls (tenant_id, pbx_id, heard_at);

-- Names of a call: its own call_uuid, unique ids of its channels, ids that other sources gave it.
create table call_aliases (
  tenant_id  integer not null,
  alias      text not null,
  call_uuid  text not null,
  source     text not null,
  created_at timestamptz not null,
  primary key (tenant_id, alias)
);
create index call_aliases_call on call_aliases (tenant_id, call_uuid);
-- Calls that lost their name of late: whoever finds one in the log merges it.
create index call_aliases_merged on call_aliases (created_at) where source = 'merge';
create index call_aliases_created on call_aliases using brin (created_at) with (autosummarize = on);
