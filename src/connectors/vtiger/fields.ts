import {
  CALL_FIELDS,
  type CallField,
  LOOKUP_MODULES,
  type LookupModule,
  type VtigerField,
  type VtigerModule,
  type VtigerSettings,
} from "./schema.ts";

/** How the three sorts of modules differ: PBXManager's fixed columns, Events' calendar fields, or somebody's own module. */
export type ModuleSort = "pbx" | "events" | "custom";

/** Where each thing goes in this CRM, as resolved from what `describe` says. */
export interface Layout {
  module: string;
  sort: ModuleSort;
  /** Name of the field that finds a call's record again. */
  keyField: string;
  /** Fields that take each thing; a thing without a field is not sent. */
  targets: ReadonlyMap<CallField, readonly VtigerField[]>;
  /** Reference field that takes a contact of each module. */
  links: ReadonlyMap<LookupModule, string>;
  /** Names of all fields the API user sees. */
  names: ReadonlySet<string>;
}

/** A wish of the settings, or a need of ours, that the module cannot meet. */
export interface LayoutProblem {
  field: CallField;
  wanted: string;
  reason: "missing" | "ambiguous";
}

/**
 * The usual homes of each thing, by name or label. All that exist are filled, so that native columns and custom fields of
 * older systems agree; the first existing home of `call_uuid` is the key.
 */
const CUSTOM_HOMES: Readonly<Record<CallField, readonly string[]>> = {
  call_uuid: ["cf_call_uuid", "Call UUID", "sourceuuid"],
  subject: ["subject"],
  direction: ["call_direction", "cf_direction", "direction"],
  status: ["call_status", "cf_status", "callstatus"],
  customer_number: ["customernumber", "Customer Number"],
  from_number: ["cf_from_number", "From Number"],
  to_number: ["cf_to_number", "To Number"],
  start: ["start_time", "starttime"],
  end: ["end_time", "endtime"],
  duration: ["cf_duration_seconds", "Duration Seconds", "totalduration"],
  talk: ["cf_talk_seconds", "Talk Seconds", "billduration"],
  recording_url: ["cf_recording_url", "Call Recording URL", "recordingurl"],
  pbx_system: ["cf_pbx_system", "PBX System"],
  extension: ["cf_agent_ext", "Agent Extension"],
  trunk: ["cf_trunk", "Trunk"],
  disposition: ["cf_disposition", "Disposition"],
};
const HOMES: Readonly<Record<ModuleSort, Readonly<Record<CallField, readonly string[]>>>> = {
  custom: CUSTOM_HOMES,
  pbx: {
    ...CUSTOM_HOMES,
    call_uuid: ["sourceuuid", "cf_call_uuid", "Call UUID"],
    subject: [],
    direction: ["direction"],
    status: ["callstatus"],
    customer_number: ["customernumber"],
    start: ["starttime"],
    end: ["endtime"],
    duration: ["totalduration", "cf_duration_seconds", "Duration Seconds"],
    talk: ["billduration"],
    recording_url: ["recordingurl", "cf_recording_url", "Call Recording URL"],
    pbx_system: ["gateway", "cf_pbx_system", "PBX System"],
  },
  events: {
    ...CUSTOM_HOMES,
    direction: ["cf_direction"],
    status: ["eventstatus"],
    start: [], // date_start and time_start, which mapping.ts writes
    end: [],
    duration: ["cf_duration_seconds", "Duration Seconds"],
  },
};

/** Preferred names of reference fields, where several take the same module. */
const LINK_FIELDS = ["customer", "contact_id", "parent_id", "related_to"];

export function toModuleSort(module: string): ModuleSort {
  return module === "PBXManager" ? "pbx" : module === "Events" ? "events" : "custom";
}

/** Resolves the settings' wishes, then the usual homes. Without a field for `call_uuid` there is no layout, only problems. */
export function resolveLayout(
  { fieldMap, module }: Pick<VtigerSettings, "fieldMap" | "module">,
  described: VtigerModule,
): { layout: Layout | undefined; targets: Layout["targets"]; problems: readonly LayoutProblem[] } {
  const sort = toModuleSort(module);
  const problems: LayoutProblem[] = [];
  const targets = new Map<CallField, readonly VtigerField[]>();
  for (const field of CALL_FIELDS) {
    const wanted = fieldMap[field];
    if (wanted === undefined) {
      const label = sort === "custom" && field === "subject" ? toLabelField(described) : [];
      targets.set(
        field,
        findHomes(described, [...HOMES[sort][field], ...label]).slice(0, field === "subject" ? 1 : undefined),
      );
    } else if (wanted !== "") {
      const found = findFields(described, wanted);
      targets.set(field, found.length === 1 ? found : []);
      if (found.length !== 1) problems.push({ field, wanted, reason: found.length === 0 ? "missing" : "ambiguous" });
    }
  }
  const key = targets.get("call_uuid")?.[0];
  if (key === undefined) {
    if (!problems.some(({ field }) => field === "call_uuid")) {
      problems.push({
        field: "call_uuid",
        wanted: fieldMap.call_uuid || HOMES[sort].call_uuid[0] || "",
        reason: "missing",
      });
    }
    return { layout: undefined, targets, problems };
  }
  const names = new Set(described.fields.map(({ name }) => name));
  const links = findLinks(described);
  return { layout: { module, sort, keyField: key.name, targets, links, names }, targets, problems };
}

/** The field that names a record of somebody's own module: it may not be called `subject`. */
const toLabelField = ({ labelFields }: VtigerModule): string[] => labelFields.split(",").slice(0, 1);

function findHomes(described: VtigerModule, homes: readonly string[]): VtigerField[] {
  const found = homes.map((home) => findFields(described, home)).filter((fields) => fields.length === 1);
  return [...new Map(found.flat().map((field) => [field.name, field])).values()];
}

/** By name, else by label, without regard to case; several when a label is used more than once. */
function findFields({ fields }: VtigerModule, wanted: string): VtigerField[] {
  const text = wanted.trim().toLowerCase();
  const byName = fields.filter(({ name }) => name.toLowerCase() === text);
  const found = byName.length > 0 ? byName : fields.filter(({ label }) => label.trim().toLowerCase() === text);
  return found.filter(({ type }) => type.name !== "autogenerated");
}

function findLinks({ fields }: VtigerModule): Map<LookupModule, string> {
  const rank = (name: string): number =>
    (LINK_FIELDS.indexOf(name) + LINK_FIELDS.length + 1) % (LINK_FIELDS.length + 1);
  const references = fields.filter(({ type }) => type.name === "reference").sort((a, b) => rank(a.name) - rank(b.name));
  return new Map(
    LOOKUP_MODULES.flatMap((module) => {
      const field = references.find(({ type }) => type.refersTo.includes(module));
      return field ? [[module, field.name] as const] : [];
    }),
  );
}
