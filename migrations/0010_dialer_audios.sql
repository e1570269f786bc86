-- What the dialer plays: uploaded audios, and how each PBX gets them. The sound itself is a file (ENLACE_AUDIO_FOLDER).

create table audios (
  tenant_id      integer not null references tenants,
  id             bigint generated always as identity unique,
  name           text not null check (name ~ '^[a-z0-9_-]{1,100}$'),
  -- Of the file <folder>/audio/<tenant>/<file>.wav: 8 kHz, mono, 16 bit. Another upload under the same name is another file.
  file           text not null check (file ~ '^[0-9a-f]{32}$'),
  original_name  text not null,
  original_bytes bigint not null,
  size_bytes     bigint not null,
  duration_ms    integer not null,
  created_by     text not null,
  created_at     timestamptz not null,
  updated_at     timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, name),
  unique (file)
);

-- A PBX without a row fetches by HTTP at ENLACE_PUBLIC_URL.
create table pbx_sounds (
  tenant_id  integer not null,
  pbx_id     bigint not null,
  delivery   text not null check (delivery in ('folder', 'http')),
  -- Of Enlace's machine, under ENLACE_SOUND_FOLDERS, and the same folder as the PBX calls it.
  folder     text check ((folder is null) = (delivery = 'http')),
  pbx_folder text check ((pbx_folder is null) = (delivery = 'http')),
  -- Where the PBX reaches Enlace; null: ENLACE_PUBLIC_URL.
  base_url   text check (base_url is null or delivery = 'http'),
  updated_at timestamptz not null,
  primary key (tenant_id, pbx_id),
  foreign key (tenant_id, pbx_id) references pbxs (tenant_id, id) on delete cascade
);
