// The named peer of the intake figure: as many clients, each committing one bare row at a time through pg.
//   node bench/insert-load.ts '{"url":"postgres://…","clients":64,"seconds":8}'
import pg from "pg";

export interface InsertOptions {
  url: string;
  clients: number;
  seconds: number;
}

if (import.meta.main) {
  process.stdout.write(`${JSON.stringify(await insert(JSON.parse(process.argv[2] ?? "{}")))}\n`);
  process.exit(0);
}

async function insert({ url, clients, seconds }: InsertOptions) {
  const pool = await Promise.all(
    Array.from({ length: clients }, async () => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      return client;
    }),
  );
  await pool[0]?.query(`create table if not exists bench_inserts
    (id bigint generated always as identity primary key, call_uuid text unique not null, raw_payload jsonb not null, created_at timestamptz not null default now())`);
  const raw = JSON.stringify({
    call_uuid: "x",
    from: "+34600000001",
    to: "+34900112233",
    direction: "inbound",
    start_time: "2025-08-02T14:00:00Z",
    end_time: "2025-08-02T14:02:30Z",
    status: "completed",
    recording_url: "https://pbx.example.test/recordings/1.mp3",
    agent_ext: "1001",
    pbx_system: "bench",
  });
  const run = `${process.pid}-${Math.round(performance.timeOrigin)}`;
  const latencies: number[] = [];
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const endsAt = startedAt + seconds * 1000;
  let number = 0;
  await Promise.all(
    pool.map(async (client) => {
      while (performance.now() < endsAt) {
        const before = performance.now();
        await client.query({
          name: "insert",
          text: "insert into bench_inserts (call_uuid, raw_payload) values ($1, $2)",
          values: [`${run}-${number++}`, raw],
        });
        latencies.push(performance.now() - before);
      }
    }),
  );
  const took = (performance.now() - startedAt) / 1000;
  latencies.sort((a, b) => a - b);
  const { user, system } = process.cpuUsage(cpuBefore);
  const cpuSeconds = (user + system) / 1e6;
  return { perSecond: latencies.length / took, cpuSeconds, p99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? 0 };
}
