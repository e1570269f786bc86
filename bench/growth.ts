import { webhook } from "../src/connectors/webhook/connector.ts";
import { toTenantId } from "../src/core/ids.ts";
import { systemRandom } from "../src/kit/random.ts";
import { createSecretBox } from "../src/kit/secret-box.ts";
import { sealSettings, toSettingsSchema } from "../src/tenants/connections/settings.ts";
import type { Figure, FigureContext } from "./figure.ts";
import { toMedian } from "./figure.ts";
import { runChild, startChild } from "./process.ts";
import type { LoadResult } from "./signed-load.ts";
import { ENLACE_SECRET, execute, SECRET, startEnlace } from "./stage.ts";

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
    reportGrowth(context, "10000 tenants against 100", byTenants[2], byTenants[1]); // one tenant is one lane: a slow base
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
  const crm = await startChild(["bench/zero-latency-crm.ts"], {}, (line) => line.includes("port"));
  try {
    const first = await startEnlace(databaseUrl); // makes the schema and the first tenant
    await first.stop();
    await addTenants(databaseUrl, tenants, `http://127.0.0.1:${String(crm.greeting.port)}/`);
    return await measureCost(context, databaseUrl, [...Array(tenants).keys()].map(toNumber));
  } finally {
    await crm.stop();
  }
}

const toNumber = (index: number): string => `bench-${index}`;

/** Tenants as the API would make them, each with a webhook secret and a connection to the CRM. */
async function addTenants(databaseUrl: string, tenants: number, crmUrl: string): Promise<void> {
  const box = createSecretBox({ secret: ENLACE_SECRET, random: systemRandom });
  const schema = toSettingsSchema(webhook.settings);
  const settings = { url: crmUrl, secret: "whsec_YmVuY2htYXJrLXNlY3JldC0yNC1ieXRlcw==" };
  const rows = await execute<{ id: number }>(
    databaseUrl,
    `insert into tenants (number, name, time_zone, country, language, created_at, updated_at)
     select 'bench-' || n, 'Tenant ' || n, time_zone, country, language, created_at, updated_at
       from tenants, generate_series(0, $1 - 1) n where is_default returning id`,
    [tenants],
  );
  const sealed = rows.map(({ id }) => ({
    tenant_id: id,
    secret: box.seal(SECRET, { tenantId: toTenantId(id), field: "webhook_secret" }),
    settings: sealSettings(box, toTenantId(id), { schema, settings }),
  }));
  await execute(
    databaseUrl,
    `with given as (select * from jsonb_to_recordset($1::jsonb) as g(tenant_id int, secret text, settings jsonb)),
     secrets as (insert into webhook_secrets (tenant_id, sealed, origin, created_at)
                 select tenant_id, secret, 'api', now() from given),
     made as (insert into connections (tenant_id, connector, name, settings, created_at, updated_at)
              select tenant_id, 'webhook', 'crm', settings, now(), now() from given returning tenant_id, id)
     insert into lanes (tenant_id, connection_id, concurrency, attempts_max, tokens, tokens_at)
     select tenant_id, id, 32, 12, 1, now() from made`,
    [JSON.stringify(sealed)],
  );
  await execute(databaseUrl, "vacuum analyze");
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

/** Microseconds of wall time per call that was accepted and delivered, at full speed: the median of three rounds. */
async function measureCost({ seconds }: FigureContext, databaseUrl: string, tenants: string[]): Promise<number> {
  const enlace = await startEnlace(databaseUrl);
  try {
    const costs: number[] = [];
    const warmUp = { callsMax: Math.max(10_000, tenants.length), seconds: 60 }; // every tenant once, and the compiler
    for (let round = 0; round < 4; round++) {
      const startedAt = performance.now();
      const options = {
        host: "127.0.0.1",
        port: enlace.port,
        secret: SECRET,
        clients: 64,
        seconds,
        prefix: `r${round}`,
        tenants,
        perSecond: null,
        ...(round === 0 && warmUp),
      };
      const { accepted, refused } = await runChild<LoadResult>(["bench/signed-load.ts", JSON.stringify(options)]);
      if (refused > 0) throw new Error(`${refused} calls were refused`);
      await queueEmpty(databaseUrl);
      if (round > 0) costs.push(((performance.now() - startedAt) / accepted) * 1000);
    }
    return toMedian(costs);
  } finally {
    await enlace.stop();
  }
}

async function queueEmpty(databaseUrl: string): Promise<void> {
  for (let left = 1; left > 0; ) {
    const [row] = await execute<{ left: number }>(
      databaseUrl,
      "select count(*)::int as left from deliveries where state in ('pending', 'leased')",
    );
    left = row?.left ?? 0;
    if (left > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
