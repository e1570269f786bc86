-- The dialer's projects, the trunks they dial over, and the people who steer them.

create table trunks (
  tenant_id       integer not null references tenants,
  id              bigint generated always as identity unique,
  -- A PBX that still has trunks cannot be removed: projects would lose their lines unseen.
  pbx_id          bigint not null,
  -- As Asterisk knows its endpoint or peer.
  name            text not null check (name ~ '^[A-Za-z0-9_-]{1,40}$'),
  dial_template   text not null,
  per_second      numeric(7, 3) check (per_second > 0),
  channels_max    integer not null check (channels_max between 1 and 100000),
  caller_id       text,
  enabled         boolean not null default true,
  -- Of trunks whose configuration Enlace writes; see dialer/trunk.ts. The password is beside it, sealed.
  account         jsonb,
  sealed_password text,
  created_at      timestamptz not null,
  updated_at      timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, pbx_id, name),
  foreign key (tenant_id, pbx_id) references pbxs (tenant_id, id)
);

-- Where the file with a PBX's trunks is written, and whether the PBX has read the last one.
create table trunk_files (
  tenant_id    integer not null,
  pbx_id       bigint not null,
  -- On Enlace's machine; named by an operator.
  folder       text not null,
  -- `ami`: Enlace has res_pjsip reloaded; `pbx`: the PBX watches the file itself, and the AMI user needs no right for it.
  reload       text not null default 'ami' check (reload in ('ami', 'pbx')),
  -- Something in it became different, and when that was last told to the PBX. Due while the first is the later one.
  changed_at   timestamptz not null,
  published_at timestamptz,
  problem      text,
  primary key (tenant_id, pbx_id),
  foreign key (tenant_id, pbx_id) references pbxs (tenant_id, id) on delete cascade
);

create table projects (
  tenant_id             integer not null references tenants,
  id                    bigint generated always as identity unique,
  -- What people and older programs call it by; chosen by them, or the next free one.
  number                bigint not null check (number > 0),
  name                  text not null,
  time_zone             text not null,
  language              text not null check (language in ('es', 'en', 'ru')),
  prefix                text not null default '' check (prefix ~ '^[0-9*#]{0,10}$'),
  caller_id             text,
  uses_caller_id_pool   boolean not null default false,
  channels_max          integer check (channels_max > 0),
  ring_seconds          integer not null check (ring_seconds between 15 and 120),
  mode                  text not null default 'ivr' check (mode in ('ivr', 'agents')),
  -- As validated by dialer/projects/schema.ts.
  ivr                   jsonb not null,
  amd                   jsonb not null,
  retry                 jsonb not null,
  agents                jsonb not null,
  allowed_addresses     text[] not null default '{}',
  webhook_url           text,
  sealed_webhook_secret text,
  policy_id             bigint,
  disabled_at           timestamptz,
  created_at            timestamptz not null,
  updated_at            timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, number)
);

create table project_trunks (
  tenant_id  integer not null,
  project_id bigint not null,
  trunk_id   bigint not null,
  weight     integer not null check (weight between 1 and 1000),
  primary key (tenant_id, project_id, trunk_id),
  foreign key (tenant_id, project_id) references projects (tenant_id, id) on delete cascade,
  foreign key (tenant_id, trunk_id) references trunks (tenant_id, id)
);
create index project_trunks_trunk on project_trunks (tenant_id, trunk_id);

-- Supervisors see and steer only projects they are assigned to.
create table project_users (
  tenant_id  integer not null,
  project_id bigint not null,
  user_id    bigint not null,
  primary key (tenant_id, project_id, user_id),
  foreign key (tenant_id, project_id) references projects (tenant_id, id) on delete cascade,
  foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
create index project_users_user on project_users (tenant_id, user_id);
