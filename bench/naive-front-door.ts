// The webhook as one would write it in an afternoon: checked, and one row committed for each request before it is answered.
//   node bench/naive-front-door.ts postgres://…
import pg from "pg";
import { openFrontDoor } from "./peer-front-door.ts";
import { SECRET } from "./stage.ts";

const pool = new pg.Pool({ connectionString: process.argv[2], max: 20 });
await pool.query(`create table if not exists naive_calls
  (id bigint generated always as identity primary key, call_uuid text unique not null, raw_payload jsonb not null, created_at timestamptz not null default now())`);
await openFrontDoor(SECRET, (call) =>
  pool.query({
    name: "insert",
    text: "insert into naive_calls (call_uuid, raw_payload) values ($1, $2) on conflict do nothing",
    values: [(call as { call_uuid: string }).call_uuid, JSON.stringify(call)],
  }),
);
