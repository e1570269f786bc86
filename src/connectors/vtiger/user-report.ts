import type { ConnectorContext, CrmUser, Run, UserReport } from "../connector.ts";
import type { VtigerClient } from "./client.ts";
import { toText, type VtigerRecord, type VtigerSettings } from "./schema.ts";

/** Vtiger gives a hundred rows at a time; who has more people than this says the extension over there. */
const USERS_MAX = 1_000;
const ROWS_MAX = 100;

/** The active users and the groups of Vtiger, as the API user may see them. */
export function createUserReport({ settings }: ConnectorContext<VtigerSettings>, client: VtigerClient) {
  /** Fails with kind `denied` when the API user may not see them. */
  async function loadAll(module: "Users" | "Groups", columns: string, run: Run): Promise<VtigerRecord[]> {
    const rows: VtigerRecord[] = [];
    const order = columns.split(",")[1];
    while (rows.length < USERS_MAX) {
      const page = await client.query(
        `select ${columns} from ${module} order by ${order} limit ${rows.length},${ROWS_MAX};`,
        run,
      );
      rows.push(...page);
      if (page.length < ROWS_MAX) break;
    }
    return rows;
  }

  return async (run: Run): Promise<UserReport> => {
    const users = await loadAll("Users", "id,user_name,first_name,last_name,phone_crm_extension", run);
    const groups = await loadAll("Groups", "id,groupname", run);
    return {
      setting: "ownerByExtension",
      owners: settings.ownerByExtension,
      users: [...users.map(toUser), ...groups.map(toGroup)],
      isCut: users.length >= USERS_MAX || groups.length >= USERS_MAX,
    };
  };
}

function toUser(row: VtigerRecord): CrmUser {
  const name = toText(row, "user_name");
  const label = `${toText(row, "first_name")} ${toText(row, "last_name")}`.trim() || name;
  return { id: row.id, name, label, kind: "user", extension: toText(row, "phone_crm_extension").trim() || null };
}

function toGroup(row: VtigerRecord): CrmUser {
  const name = toText(row, "groupname");
  return { id: row.id, name, label: name, kind: "group", extension: null };
}
