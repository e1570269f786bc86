import { sql } from "kysely";
import type pg from "pg";
import type { TenantId } from "../core/ids.ts";
import type { PhoneNumber } from "../core/phone-number.ts";
import type { Sql } from "../kit/postgres/database.ts";

/** A call that somebody placed, at the phone itself or by a click: any outgoing call that the dialer did not make. */
export interface CallByHand {
  callUuid: string;
  at: Date;
  wasAnswered: boolean;
}

/** The dialer's calls bear their attempt's id, and say at their end for whom they were. */
const BY_HAND = "c.direction = 'outbound' and c.project_id is null and c.call_uuid !~ 'd[0-9a-f]{24}$'";

/** For each number the calls by hand since an instant, newest first, at most `rowsMax`. */
export async function loadCallsByHand(
  on: Pick<pg.ClientBase, "query">,
  numbers: readonly { tenantId: TenantId; number: PhoneNumber }[],
  { since, rowsMax }: { since: Date; rowsMax: number },
): Promise<CallByHand[][]> {
  if (numbers.length === 0) return [];
  const { rows } = await on.query<CallByHand & { position: string }>({
    name: "calls-by-hand",
    text: `select q.position, h.* from unnest($1::int[], $2::text[]) with ordinality q(tenant_id, number, position)
            cross join lateral (
              select c.call_uuid as "callUuid", c.started_at as at, c.answered_at is not null as "wasAnswered" from calls c
               where c.tenant_id = q.tenant_id and c.to_text = q.number and c.started_at > $3 and ${BY_HAND}
               order by c.started_at desc, c.id desc limit $4) h`,
    values: [numbers.map(({ tenantId }) => tenantId), numbers.map(({ number }) => number), since, rowsMax],
  });
  const found: CallByHand[][] = numbers.map(() => []);
  for (const { position, ...call } of rows) found[Number(position) - 1]?.push(call);
  return found;
}

/** Numbers that somebody called by hand since an instant, those called last first, at most `rowsMax`. */
export async function loadNumbersByHand(
  from: Sql,
  { tenantId, since, rowsMax }: { tenantId: TenantId; since: Date; rowsMax: number },
): Promise<string[]> {
  const { rows } = await sql<{ number: string }>`
    select c.to_text as number from calls c
     where c.tenant_id = ${tenantId} and c.started_at > ${since} and c.to_text is not null and ${sql.raw(BY_HAND)}
     group by 1 order by max(c.started_at) desc limit ${rowsMax}`.execute(from);
  return rows.map(({ number }) => number);
}
