import type { Sentence } from "../../core/sentence.ts";
import type { CheckReport, ConnectorContext, Finding, Run } from "../connector.ts";
import { toOneFinding } from "../finding.ts";
import { type FailureKind, VtigerFailure } from "./answer.ts";
import type { VtigerClient } from "./client.ts";
import type { ModuleCache } from "./describe.ts";
import { type Layout, resolveLayout, toModuleSort } from "./fields.ts";
import type { OwnerLookup } from "./owner.ts";
import type { VtigerModule, VtigerSettings } from "./schema.ts";
import { toLiteral, toName } from "./vtql.ts";
import { say } from "./words.ts";

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
  const { version, isAdmin } = identity;
  const user = context.settings.username;
  const loggedIn = version === "" ? say("loggedInUnknown", { user }) : say("loggedIn", { user, version });
  findings.push(toOneFinding("ok", "login", { said: loggedIn }));
  if (isAdmin === true) return;
  const sharing = say(isAdmin === false ? "notAdmin" : "maybeNotAdmin");
  findings.push(toOneFinding("warning", "sharing", { said: sharing, mend: say("adminMend") }));
  if (!hasAssignBug(version)) return;
  const bug = { said: say("assignBug", { version }), mend: say("assignBugMend") };
  findings.push(toOneFinding("warning", "version", bug));
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
    const homes = types.filter((name) => /^(PBXManager|Events)$|call/i.test(name));
    const mend = homes.length === 0 ? say("noModuleMend") : say("otherModuleMend", { modules: homes });
    findings.push(toOneFinding("error", `module:${module}`, { said: say("noModule", { module }), mend }));
    return undefined;
  }
  const described = await modules.load(module, run);
  const { layout, problems } = resolveLayout(context.settings, described);
  for (const { field, wanted, reason } of problems) {
    const said = say(reason === "missing" ? "fieldMissing" : "fieldAmbiguous", { module, wanted, field });
    const level = field === "call_uuid" ? "error" : "warning";
    findings.push(toOneFinding(level, `field:${wanted}`, { said, mend: say("fieldMend", { field }) }));
  }
  if (layout !== undefined) {
    const filled = [...layout.targets]
      .filter(([, fields]) => fields.length > 0)
      .map(([thing, [field]]) => `${thing} → ${field?.name}`);
    findings.push(toOneFinding("ok", `module:${module}`, { said: say("writes", { fields: filled }) }));
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
    .map(({ name: field, label }) =>
      toOneFinding("error", `field:${label}`, {
        said: say("demands", { module: name, label, field }),
        mend: say("demandsMend", { label }),
      }),
    );
}

async function checkReading({ client }: CheckOptions, { layout, findings, run }: ModuleCheck): Promise<void> {
  const field = toName(layout.keyField);
  const probe = toLiteral("enlace-check");
  await client.query(`select id,${field} from ${toName(layout.module)} where ${field}=${probe} limit 1;`, run).then(
    () => findings.push(toOneFinding("ok", "read", { said: say("findable", { field }) })),
    (error: unknown) =>
      findings.push(toFinding(error, { subject: "read", mend: say("readMend", { module: layout.module, field }) })),
  );
}

async function checkWriting({ client, modules }: CheckOptions, { layout, findings, run }: ModuleCheck): Promise<void> {
  const { module } = layout;
  const mend = say("writeMend", { module });
  const { createable, updateable } = await modules.load(layout.module, run);
  if (!createable || !updateable) {
    const said = say(createable ? "mayNotEdit" : "mayNotCreate", { module });
    findings.push(toOneFinding("error", "write", { said, mend }));
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
  findings.push(toOneFinding("ok", "write", { said: say("writable", { module }) }));
}

async function checkLookups({ context, modules }: CheckOptions, findings: Finding[], run: Run): Promise<void> {
  for (const module of context.settings.lookupModules) {
    try {
      await modules.load(module, run);
      findings.push(toOneFinding("ok", `lookup:${module}`, { said: say("lookup", { module }) }));
    } catch (error) {
      if (!(error instanceof VtigerFailure) || error.kind !== "denied") throw error;
      const closed = { said: say("lookupClosed", { module }), mend: say("lookupMend", { module }) };
      findings.push(toOneFinding("warning", `lookup:${module}`, closed));
    }
  }
}

async function checkOwners({ context, owners }: CheckOptions, findings: Finding[], run: Run): Promise<void> {
  const { fallbackOwner, ownerByExtension } = context.settings;
  if ((await owners.findByExtension("0", run)) === "denied") {
    const hidden = { said: say("usersHidden"), mend: say("usersMend") };
    findings.push(toOneFinding("warning", "extensions", hidden));
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
        ? toOneFinding(level, subject, { said: say("noOwner", { owner: name }), mend: say("ownerMend") })
        : toOneFinding("ok", subject, { said: say("ownerFound", { owner: name, id }) }),
    );
  }
}

const MENDS: Readonly<Partial<Record<FailureKind, Sentence>>> = {
  credentials: say("credentialsMend"),
  setup: say("setupMend"),
  busy: say("busyMend"),
  unclear: say("unclearMend"),
  denied: say("deniedMend"),
};

function toFinding(error: unknown, known: { subject?: string; mend?: Sentence } = {}): Finding {
  if (!(error instanceof VtigerFailure)) return toOneFinding("error", "check", { said: say("interrupted") });
  const subject = known.subject ?? (error.kind === "credentials" ? "login" : error.operation || "address");
  return toOneFinding("error", subject, { said: error.sentence, mend: known.mend ?? MENDS[error.kind] });
}

/** The bug came with 7.5.0 and went with 8.3.0. */
function hasAssignBug(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return (major === 7 && minor >= 5) || (major === 8 && minor < 3);
}
