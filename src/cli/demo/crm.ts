import { PEOPLE } from "./call-stream.ts";
import { CALLERS_OF_THE_PAST } from "./past.ts";

/** The sandbox as the demo uses it; connectors/vtiger/fake-vtiger. */
export interface SandboxCrm<Field extends { name: string }> {
  store: { modules: ReadonlyMap<string, { fields: Field[] }> };
  faults: {
    add(fault: { kind: "refused"; operation: string; times: number; error: { code: string; message: string } }): void;
  };
  addContact(contact: Readonly<Record<string, string>>): string;
  records(): { fields: Readonly<Record<string, string>> }[];
}

/** How many calls the sandbox refuses for good at the beginning. */
const REFUSED = 3;

/** People to be found, and a custom field such as an administrator of Vtiger adds for campaigns. */
export function fillCrm<Field extends { name: string }>(crm: SandboxCrm<Field>): void {
  const fields = crm.store.modules.get("PBXManager")?.fields;
  const like = fields?.find(({ name }) => name === "gateway");
  if (fields && like) fields.push({ ...like, name: "cf_disposition", label: "Disposition" });
  const known = CALLERS_OF_THE_PAST.filter((_, index) => index % 2 === 0);
  for (const { firstName, lastName, number } of [...PEOPLE, ...known])
    crm.addContact({ firstname: firstName, lastname: lastName, mobile: number });
}

/** As after an administrator made a field mandatory that nobody fills, and thought better of it. */
export function refuseSome({ faults }: Pick<SandboxCrm<never>, "faults">): void {
  const error = { code: "MANDATORY_FIELDS_MISSING", message: "cf_branch does not have a value" };
  faults.add({ kind: "refused", operation: "create", times: REFUSED, error });
}

/** How often each call stands in the CRM. */
export function countCalls(crm: Pick<SandboxCrm<never>, "records">): Map<string, number> {
  const times = new Map<string, number>();
  for (const { fields } of crm.records()) {
    const uuid = fields.sourceuuid ?? "";
    times.set(uuid, (times.get(uuid) ?? 0) + 1);
  }
  return times;
}
