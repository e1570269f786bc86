import type { Figure, FigureContext } from "./figure.ts";
import { toMedian } from "./figure.ts";
import { runChild } from "./process.ts";
import type { LoadResult } from "./signed-load.ts";
import { callApi, execute, SECRET, startEnlace } from "./stage.ts";

const TENANTS = [1, 100, 10_000];
const STORED = [1_000, 1_000_000];

/**
 * (c) What one call costs while the house grows: wall time per accepted and delivered call with 1, 100 and 10,000 tenants
 * (a connection each), and with a thousand and a million calls stored. The smallest is the peer of the larger ones.
 */
export const growth: Figure = {
  name: "growth",
  run: async (context) => {
    const byTenants: number[] = [];
    for (const tenants of TENANTS) byTenants.push(await costWithTenants(context, tenants));
    for (const [index, tenants] of TENANTS.entries()) {
      if (index > 0) reportGrowth(context, `${tenants} tenants against 1`, byTenants[index], byTenants[0]);
    }
    const byStored: number[] = [];
    for (const stored of STORED) byStored.push(await costWithStored(context, stored));
    reportGrowth(context, "1,000,000 stored calls against 1,000", byStored[1], byStored[0]);
  },
};

function reportGrowth({ report }: FigureContext, what: string, cost = 0, base = 1): void {
  report(`cost per call with ${what}`, {
    ratio: cost / base,
    ours: cost,
    peer: base,
    atMost: 1.2,
    detail: "µs per call",
  });
}

async function costWithTenants(context: FigureContext, tenants: number): Promise<number> {
  const databaseUrl = await context.stage.createDatabase(`tenants_${tenants}`);
  const first = await startEnlace(databaseUrl);
  await callApi(first.port, "POST", "/api/v1/connections", {
    connector: "webhook",
    name: "crm",
    settings: { url: "http://127.0.0.1:9/", secret: "whsec_YmVuY2htYXJrLXNlY3JldC0yNC1ieXRlcw==" },
  });
  await first.stop();
  await copyTenants(databaseUrl, tenants);
  return measureCost(
    context,
    databaseUrl,
    Array.from({ length: tenants }, (_, index) => (index === 0 ? "" : `t${index}`)),
  );
}

/** Further tenants are copies of the first: its connection (paused, so that only accepting is measured) and secret. */
async function copyTenants(databaseUrl: string, tenants: number): Promise<void> {
  await execute(databaseUrl, "update lanes set paused_at = tokens_at");
  await execute(
    databaseUrl,
    `insert into tenants (number, name, time_zone, country, language, created_at, updated_at)
     select 't' || n, 'Tenant ' || n, time_zone, country, language, created_at, updated_at from tenants, generate_series(1, $1 - 1) n where is_default`,
    [tenants],
  );
}

async function costWithStored(context: FigureContext, stored: number): Promise<number> {
  const databaseUrl = await context.stage.createDatabase(`stored_${stored}`);
  const first = await startEnlace(databaseUrl);
  await first.stop();
  await execute(
    databaseUrl,
    `insert into calls (tenant_id, call_uuid, revision, direction, from_text, to_text, outcome, phase, started_at, ended_at, created_at, updated_at)
     select t.id, 'stored-' || n, 1, 'inbound', '+346' || lpad(n::text, 8, '0'), '1001', 'answered', 'ended', t.created_at - n * interval '10 seconds',
            t.created_at, t.created_at, t.created_at from tenants t, generate_series(1, $1) n where t.is_default`,
    [stored],
  );
  await execute(
    databaseUrl,
    `insert into facts (tenant_id, call_id, call_created_at, key, source, at, fact, raw, received_at)
     select tenant_id, id, created_at, 'k', 'webhook', started_at, '{}', '{}', created_at from calls`,
  );
  await execute(databaseUrl, "vacuum analyze");
  return measureCost(context, databaseUrl, [""]);
}

/** Processor time of Enlace and PostgreSQL per accepted call, in microseconds: the median of three. */
async function measureCost({ stage, seconds }: FigureContext, databaseUrl: string, tenants: string[]): Promise<number> {
  const enlace = await startEnlace(databaseUrl);
  try {
    const costs: number[] = [];
    for (let round = 0; round < 4; round++) {
      const before = await busySeconds(stage, databaseUrl, enlace.pid);
      const options = {
        host: "127.0.0.1",
        port: enlace.port,
        secret: SECRET,
        clients: 64,
        seconds,
        prefix: `r${round}`,
        tenants,
        perSecond: null,
      };
      const { accepted, refused } = await runChild<LoadResult>(["bench/signed-load.ts", JSON.stringify(options)]);
      if (refused > 0) throw new Error(`${refused} calls were refused`);
      const after = await busySeconds(stage, databaseUrl, enlace.pid);
      if (round > 0) costs.push(((after - before) / accepted) * 1_000_000); // the first round warms caches up
    }
    return toMedian(costs);
  } finally {
    await enlace.stop();
  }
}
