-- Recordings: where a PBX keeps them, which call has one, and the links under which others may hear them.

-- Where Enlace finds the files of this PBX; see core/pbx-record.ts. Null: nowhere.
alter table pbxs add recordings jsonb;

-- A tenant without a row has what calls/recordings/settings.ts says.
create table recording_settings (
  tenant_id      integer primary key references tenants,
  crm_link       text not null check (crm_link in ('told', 'enlace')),
  keep_copies    boolean not null,
  retention_days integer not null check (retention_days between 1 and 3650),
  updated_at     timestamptz not null
);

-- One row for each call whose recording is looked for or was found:
--   waiting → ready (complete; told_at: the call's revision says so) → expired;  waiting → missing
-- Made inside the transaction in which the call ended. A row outlives its call by an hour at most: its copy goes with it.
create table recordings (
  tenant_id     integer not null,
  call_id       bigint not null,
  pbx_id        bigint not null,
  state         text not null check (state in ('waiting', 'ready', 'missing', 'expired')),
  -- Where it is: below the PBX's folder, at an address of the PBX, or below our own folder.
  kind          text check (kind in ('folder', 'url', 'copy')),
  place         text,
  -- While waiting: as seen at the last look.
  size_bytes    bigint,
  looks         integer not null default 0,
  due_at        timestamptz not null,
  call_ended_at timestamptz not null,
  told_at       timestamptz,
  created_at    timestamptz not null,
  primary key (tenant_id, call_id)
);
create index recordings_due on recordings (due_at) where told_at is null and state in ('waiting', 'ready');
create index recordings_kept on recordings (tenant_id, call_ended_at) where state = 'ready';

-- What opens a recording without a credential. The token itself is kept nowhere.
create table recording_links (
  tenant_id  integer not null,
  id         bigint generated always as identity,
  call_id    bigint not null,
  token_hash bytea not null unique,
  -- The one that CRMs get, or one that a person asked for.
  purpose    text not null check (purpose in ('crm', 'person')),
  created_by text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  primary key (tenant_id, id)
);
create index recording_links_call on recording_links (tenant_id, call_id);
create index recording_links_expiry on recording_links (expires_at);
