-- What the phones of a PBX do now, as the process that listens to it hears: for wallboards of other processes. Nothing is lost
-- with it: whoever listens writes it anew.
create unlogged table phones (
  tenant_id    integer not null references tenants,
  pbx_id       bigint not null,
  extension    text not null,
  state        text not null check (state in ('free', 'ringing', 'dialing', 'talking', 'offline')),
  -- Since when the state holds.
  since_at     timestamptz not null,
  -- Who is at the other end, as the PBX writes it.
  other        text,
  -- Do not disturb, or paused in every queue that it is known to be in, and why.
  paused       boolean not null default false,
  pause_reason text,
  -- It was left to ring by a campaign and is not rung by it before.
  rests_until  timestamptz,
  primary key (tenant_id, pbx_id, extension),
  foreign key (tenant_id, pbx_id) references pbxs (tenant_id, id) on delete cascade
);
