-- A call's script may be run by another process than the one that listens to its PBX: its word is waited for.
alter table dial_attempts add column script_elsewhere boolean not null default false;
