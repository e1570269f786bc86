import type { CheckReport, ConnectorContext, Finding, Run } from "../connector.ts";
import { VtigerFailure } from "./answer.ts";
import type { VtigerClient } from "./client.ts";
import type { ModuleCache } from "./describe.ts";
import { type Layout, resolveLayout, toModuleSort } from "./fields.ts";
import type { OwnerLookup } from "./owner.ts";
import type { VtigerModule, VtigerSettings } from "./schema.ts";
import { toLiteral, toName } from "./vtql.ts";

export interface CheckOptions {
  context: ConnectorContext<VtigerSettings>;
  client: VtigerClient;
  modules: ModuleCache;
  owners: OwnerLookup;
}

/** Filled by mapping.ts whatever the field map says. */
const ALWAYS_FILLED: Readonly<Record<string, readonly string[]>> = {
  pbx: ["assigned_user_id"],
  events: ["assigned_user_id", "date_start", "time_start", "due_date", "time_end", "duration_hours", "activitytype"],
  custom: ["assigned_user_id"],
};

/**
 * Looks at everything a delivery needs, in its order, and says what is wrong and how to mend it. Leaves nothing behind:
 * writing is proved by a create that must fail for want of a mandatory value, which Vtiger checks after the rights.
 */
export function createCheck(options: CheckOptions): (run: Run) => Promise<CheckReport> {
  const { modules } = options;
  return async (run) => {
    const findings: Finding[] = [];
    try {
      modules.forget();
      await checkLogin(options, findings, run);
      const layout = await checkModule(options, findings, run);
      if (layout !== undefined) {
        await checkReading(options, { layout, findings, run });
        await checkWriting(options, { layout, findings, run });
      }
      await checkLookups(options, findings, run);
      await checkOwners(options, findings, run);
    } catch (error) {
      if (!(error instanceof VtigerFailure) && !run.signal.aborted) throw error;
      findings.push(toFinding(error));
    }
    return { ok: findings.every(({ level }) => level !== "error"), findings };
  };
}

async function checkLogin({ context, client }: CheckOptions, findings: Finding[], run: Run): Promise<void> {
  const identity = await client.logInAfresh(run);
  const version = identity.version === "" ? "an unknown version" : identity.version;
  findings.push({
    level: "ok",
    subject: "login",
    message: `logged in as ${context.settings.username} to Vtiger ${version}`,
  });
  if (identity.isAdmin === true) return;
  const who = identity.isAdmin === false ? "the API user is no" : "Vtiger does not tell whether the API user is an";
  findings.push({
    level: "warning",
    subject: "sharing",
    message: `${who} administrator, and calls are private to their owners by default`,
    mend: "Give it a role above all agents, or a profile with View All and Edit All; otherwise it loses sight of the calls it assigns.",
  });
  if (hasAssignBug(identity.version)) {
    findings.push({
      level: "warning",
      subject: "version",
      message: `Vtiger ${identity.version} does not let users who are not administrators assign records to others`,
      mend: "Make the API user an administrator or update Vtiger to 8.3 or later; until then all calls belong to the API user.",
    });
  }
}

interface ModuleCheck {
  layout: Layout;
  findings: Finding[];
  run: Run;
}

async function checkModule(
  { context, client, modules }: CheckOptions,
  findings: Finding[],
  run: Run,
): Promise<Layout | undefined> {
  const { module } = context.settings;
  const types = await client.listTypes(run);
  if (!types.includes(module)) {
    const homes = types.filter((name) => /^(PBXManager|Events)$|call/i.test(name)).join(", ");
    findings.push({
      level: "error",
      subject: `module:${module}`,
      message: `the module ${module} does not exist or the API user's profile does not include it`,
      mend:
        homes === ""
          ? "Enable PBX Manager in Vtiger's module settings and in the profile."
          : `Choose one of: ${homes}; or add it to the profile.`,
    });
    return undefined;
  }
  const described = await modules.load(module, run);
  const { layout, problems } = resolveLayout(context.settings, described);
  for (const { field, wanted, reason } of problems) {
    const missing =
      reason === "missing" ? "has no field with the name or label" : "has more than one field with the label";
    findings.push({
      level: field === "call_uuid" ? "error" : "warning",
      subject: `field:${wanted}`,
      message: `${module} ${missing} "${wanted}", where ${field} should go`,
      mend: `Create the field in Module Layouts and show it in the API user's profile, or name another in the field map (${field}).`,
    });
  }
  if (layout !== undefined) {
    const filled = [...layout.targets]
      .filter(([, fields]) => fields.length > 0)
      .map(([thing, [field]]) => `${thing} → ${field?.name}`);
    findings.push({ level: "ok", subject: `module:${module}`, message: `writes ${filled.join(", ")}` });
    findings.push(...toMandatoryFindings(described, layout));
  }
  return layout;
}

/** Fields that somebody made mandatory and that we have nothing for: every create would be refused. */
function toMandatoryFindings({ fields, name }: VtigerModule, layout: Layout): Finding[] {
  const written = new Set([...layout.targets.values()].flat().map((field) => field.name));
  const always = ALWAYS_FILLED[toModuleSort(name)] ?? [];
  return fields
    .filter((field) => field.mandatory && !written.has(field.name) && !always.includes(field.name))
    .map(({ name: field, label }) => ({
      level: "error" as const,
      subject: `field:${label}`,
      message: `${name} demands a value for "${label}" (${field}), which a call does not have`,
      mend: `Make "${label}" optional in Module Layouts, or point a field of the field map at it.`,
    }));
}

async function checkReading({ client }: CheckOptions, { layout, findings, run }: ModuleCheck): Promise<void> {
  const field = toName(layout.keyField);
  const probe = toLiteral("enlace-check");
  await client.query(`select id,${field} from ${toName(layout.module)} where ${field}=${probe} limit 1;`, run).then(
    () => findings.push({ level: "ok", subject: "read", message: `calls can be found by ${field}` }),
    (error: unknown) =>
      findings.push(
        toFinding(error, {
          subject: "read",
          mend: `Let the API user's profile view ${layout.module} and its field ${field}.`,
        }),
      ),
  );
}

async function checkWriting({ client, modules }: CheckOptions, { layout, findings, run }: ModuleCheck): Promise<void> {
  const mend = `Let the API user's profile create and edit ${layout.module}.`;
  const { createable, updateable } = await modules.load(layout.module, run);
  if (!createable || !updateable) {
    const what = createable ? "edit" : "create";
    findings.push({
      level: "error",
      subject: "write",
      message: `the API user may not ${what} records of ${layout.module}`,
      mend,
    });
    return;
  }
  try {
    const { id } = await client.create(layout.module, { assigned_user_id: "" }, run);
    await client.remove(id, run); // this CRM demands nothing at all
  } catch (error) {
    if (!(error instanceof VtigerFailure) || error.code !== "MANDATORY_FIELDS_MISSING") {
      findings.push(toFinding(error, { subject: "write", mend }));
      return;
    }
  }
  findings.push({ level: "ok", subject: "write", message: `${layout.module} can be created and edited` });
}

async function checkLookups({ context, modules }: CheckOptions, findings: Finding[], run: Run): Promise<void> {
  for (const module of context.settings.lookupModules) {
    try {
      await modules.load(module, run);
      findings.push({ level: "ok", subject: `lookup:${module}`, message: `callers can be looked for in ${module}` });
    } catch (error) {
      if (!(error instanceof VtigerFailure) || error.kind !== "denied") throw error;
      findings.push({
        level: "warning",
        subject: `lookup:${module}`,
        message: `the API user cannot read ${module}, so nobody there will be found`,
        mend: `Let its profile view ${module}, or leave ${module} out of the lookup modules.`,
      });
    }
  }
}

async function checkOwners({ context, owners }: CheckOptions, findings: Finding[], run: Run): Promise<void> {
  const { fallbackOwner, ownerByExtension } = context.settings;
  if ((await owners.findByExtension("0", run)) === "denied") {
    findings.push({
      level: "warning",
      subject: "extensions",
      message: "the API user may not see other users, so their CRM Phone Extension cannot be used",
      mend: "Make it an administrator or raise its role, or list every extension under Owners by extension.",
    });
  }
  const wanted = Object.entries(ownerByExtension).map(([extension, name]) => ({
    subject: `owner:${extension}`,
    name,
    level: "warning" as const,
  }));
  const fallback =
    fallbackOwner === "" ? [] : [{ subject: "owner:fallback", name: fallbackOwner, level: "error" as const }];
  for (const { subject, name, level } of [...wanted, ...fallback]) {
    const id = await owners.resolve(name, run);
    findings.push(
      id === null
        ? {
            level,
            subject,
            message: `there is no active user or group "${name}"`,
            mend: "Give its exact user name, group name or id.",
          }
        : { level: "ok", subject, message: `"${name}" is ${id}` },
    );
  }
}

const MENDS: Readonly<Record<string, string>> = {
  credentials:
    "Check user and access key (My Preferences of that user), that the user is active, and that nothing else logs in as it.",
  setup: "Check the address: it should open Vtiger's log-in page in a browser when /webservice.php is left out.",
  busy: "Check the address, that the CRM runs, and that this machine reaches it: name, port, certificate.",
  unclear: "Open Vtiger in a browser; if it works there, its web server's log says what is wrong with webservice.php.",
  denied: "Check the profile of the API user.",
};

function toFinding(error: unknown, known: { subject?: string; mend?: string } = {}): Finding {
  if (!(error instanceof VtigerFailure)) return { level: "error", subject: "check", message: "interrupted" };
  const subject = known.subject ?? (error.kind === "credentials" ? "login" : error.operation || "address");
  const mend = known.mend ?? MENDS[error.kind];
  return { level: "error", subject, message: error.message, ...(mend !== undefined && { mend }) };
}

/** The bug came with 7.5.0 and went with 8.3.0. */
function hasAssignBug(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return (major === 7 && minor >= 5) || (major === 8 && minor < 3);
}
