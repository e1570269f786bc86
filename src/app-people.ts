import type { Ground } from "./app-ground.ts";
import { createSuppressions, type Suppressions } from "./people/suppression/suppressions.ts";
import { writeAudit } from "./tenants/audit/audit.ts";

// The people that a tenant knows, and what they need of the rooms around them.

export interface People {
  suppressions: Suppressions;
}

export function openPeople(ground: Ground): People {
  const { database, clock } = ground;
  const suppressions = createSuppressions({
    ...ground,
    administer: (doer, work) =>
      database.sql.transaction().execute(async (on) => {
        const at = clock.now();
        const { value, deed } = await work(on, at);
        if (deed) await writeAudit(on, doer, { ...deed, at });
        return value;
      }),
  });
  return { suppressions };
}
