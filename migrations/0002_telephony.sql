-- The PBXs of a tenant, and the extensions behind them. Which process listens to a PBX is a lease, not a column.

create table pbxs (
  tenant_id      integer not null references tenants,
  id             bigint generated always as identity unique,
  -- Calls carry it as `pbx`.
  name           text not null,
  host           text not null,
  port           integer not null check (port between 1 and 65535),
  tls            boolean not null default false,
  -- PEM of the authority that signed the PBX's certificate; null trusts those of the system.
  tls_ca         text,
  username       text not null,
  sealed_secret  text not null,
  time_zone      text not null,
  -- Stands before the id of every call, so that two PBXs of a tenant never mean the same call.
  call_id_prefix text not null default '' check (call_id_prefix ~ '^[A-Za-z0-9._:@-]{0,32}$'),
  trunks         text[] not null default '{}',
  -- How it is told to ring a phone and to dial a number; see core/pbx-record.ts.
  dial           jsonb not null,
  origin         text not null default 'api' check (origin in ('environment', 'api')),
  enabled        boolean not null default true,
  created_at     timestamptz not null,
  updated_at     timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, name),
  unique (tenant_id, call_id_prefix)
);
create unique index pbxs_environment on pbxs (tenant_id) where origin = 'environment';

create table extensions (
  tenant_id  integer not null references tenants,
  number     text not null check (number ~ '^[0-9]{2,10}$'),
  -- Names of its phones in Asterisk's channels: `101` of PJSIP/101-0000000a.
  peers      text[] not null,
  name       text not null default '',
  -- Whose phone it is: an agent may place calls from it.
  user_id    bigint,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, number),
  foreign key (tenant_id, user_id) references users on delete set null (user_id)
);
create index extensions_user on extensions (tenant_id, user_id) where user_id is not null;
