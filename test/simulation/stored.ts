import type pg from "pg";
import type { Told } from "./oracle.ts";

/** What Enlace's store holds at the end of a run, per call. */
export interface StoredCall {
  callUuid: string;
  revision: number;
  /** As received, one for each fact. */
  reports: readonly Told[];
  deliveries: readonly StoredDelivery[];
  /** As the older middleware's view shows it. */
  buffer: { status: string; vtiger_call_id: string | null } | null;
}

export interface StoredDelivery {
  id: string;
  state: string;
  revision: number;
  deliveredRevision: number;
  reason: string | null;
  remoteId: string | null;
  /** In the order of their numbers. */
  attempts: readonly { number: number; revision: number; outcome: string; reason: string | null; startedAt: Date }[];
}

const CALLS = `
select c.call_uuid as "callUuid", c.revision,
       coalesce((select jsonb_agg(f.raw) from facts f
                  where f.tenant_id = c.tenant_id and f.call_id = c.id and f.call_created_at = c.created_at), '[]') as reports,
       (select jsonb_build_object('status', b.status, 'vtiger_call_id', b.vtiger_call_id)
          from voip_call_buffer b where b.call_uuid = c.call_uuid) as buffer
  from calls c`;

const DELIVERIES = `
select c.call_uuid as "callUuid", d.id, d.state, d.revision, d.delivered_revision as "deliveredRevision", d.reason,
       d.remote ->> 'id' as "remoteId"
  from deliveries d join calls c on c.tenant_id = d.tenant_id and c.id = d.subject_id`;

const ATTEMPTS = `
select delivery_id as "deliveryId", number, revision, outcome, reason, started_at as "startedAt"
  from attempts order by delivery_id, number, started_at`;

export async function loadStoredCalls(client: pg.Client | pg.Pool): Promise<StoredCall[]> {
  const calls = (await client.query(CALLS)).rows;
  const deliveries = (await client.query(DELIVERIES)).rows;
  const attempts = Map.groupBy((await client.query(ATTEMPTS)).rows, (row) => row.deliveryId as string);
  return calls.map((call) => ({
    ...call,
    deliveries: deliveries
      .filter(({ callUuid }) => callUuid === call.callUuid)
      .map((delivery) => ({ ...delivery, attempts: attempts.get(delivery.id) ?? [] })),
  }));
}

/** Work that Enlace still owes: the run is over when there is none. */
export async function countOwed(client: pg.Client | pg.Pool): Promise<{ moving: number; dead: number; held: number }> {
  const { rows } = await client.query(`
    select count(*) filter (where d.state in ('pending', 'leased'))::int as moving,
           count(*) filter (where d.state = 'dead')::int as dead,
           (select count(*)::int from lanes where held_at is not null) as held
      from deliveries d`);
  return rows[0];
}
