// pg-boss as a peer: webhook → job → the same request to the CRM, in batches with notification, its fastest documented way.
//   node bench/peer-pg-boss.ts '{"databaseUrl":"…","crmUrl":"…","secret":"…","concurrency":32}'
import { PgBoss } from "pg-boss";
import { Pool } from "undici";
import { openFrontDoor } from "./peer-front-door.ts";

const { databaseUrl, crmUrl, secret, concurrency } = JSON.parse(process.argv[2] ?? "{}");
const crm = new Pool(crmUrl, { connections: concurrency });
const boss = new PgBoss({ connectionString: databaseUrl, max: 12 });
boss.on("error", (error) => process.stderr.write(`${String(error)}\n`));
await boss.start();
await boss.createQueue("deliver", { notify: true });
await boss.work(
  "deliver",
  {
    batchSize: concurrency * 4,
    perJobResults: true,
    burstWhenBatchFull: true,
    pollingIntervalSeconds: 0.5,
    localConcurrency: 2,
  },
  (jobs) =>
    Promise.all(
      jobs.map(async (job) => {
        const answer = await crm.request({
          path: "/",
          method: "POST",
          body: JSON.stringify(job.data),
          headers: { "content-type": "application/json" },
        });
        await answer.body.dump();
        return { id: job.id, status: answer.statusCode === 200 ? ("completed" as const) : ("failed" as const) };
      }),
    ),
);
await openFrontDoor(secret, (call) => boss.send("deliver", call));
