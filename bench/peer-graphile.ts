// graphile-worker as a peer: webhook → job → the same signed request to the CRM, with the settings its manual advises for speed.
//   node bench/peer-graphile.ts '{"databaseUrl":"…","crmUrl":"…","secret":"…","concurrency":32}'
import { makeWorkerUtils, run, WorkerPreset } from "graphile-worker";
import { Pool } from "undici";
import { openFrontDoor } from "./peer-front-door.ts";

const { databaseUrl, crmUrl, secret, concurrency } = JSON.parse(process.argv[2] ?? "{}");
const crm = new Pool(crmUrl, { connections: concurrency });
const utils = await makeWorkerUtils({ connectionString: databaseUrl });
await utils.migrate();
await run({
  connectionString: databaseUrl,
  noHandleSignals: true,
  taskList: {
    deliver: async (payload) => {
      const answer = await crm.request({
        path: "/",
        method: "POST",
        body: JSON.stringify(payload),
        headers: { "content-type": "application/json" },
      });
      await answer.body.dump();
      if (answer.statusCode !== 200) throw new Error(`the CRM answered ${answer.statusCode}`);
    },
  },
  preset: {
    extends: [WorkerPreset],
    worker: {
      concurrentJobs: concurrency,
      pollInterval: 1000,
      maxPoolSize: concurrency + 4,
      localQueue: { size: concurrency * 4 },
      completeJobBatchDelay: 0,
      failJobBatchDelay: 0,
    },
  },
});
await openFrontDoor(secret, (call) => utils.addJob("deliver", call));
