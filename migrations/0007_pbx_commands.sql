-- Orders for a PBX that another process listens to: asked here, carried out there, answered here. They live for seconds and are
-- worth nothing after a crash, so the table is not logged.

create unlogged table pbx_commands (
  tenant_id  integer not null references tenants on delete cascade,
  id         text not null,
  pbx_id     bigint not null,
  -- What to do; see telephony/pbx-command.ts.
  command    jsonb not null,
  created_at timestamptz not null,
  -- Whoever asked has gone by then: nobody carries it out any more.
  expires_at timestamptz not null,
  -- Set once, by the one process that carries it out: an order is carried out at most once.
  taken_at   timestamptz,
  answer     jsonb,
  primary key (tenant_id, id)
);
create index pbx_commands_open on pbx_commands (pbx_id) where taken_at is null;
create index pbx_commands_expiry on pbx_commands (expires_at);

-- Folder of an Asterisk on Enlace's own host that takes call files, for a PBX whose AMI user may not originate.
alter table pbxs add spool_folder text;
