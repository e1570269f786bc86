import { z } from "zod";
import { AppError, toFieldError } from "../../core/errors.ts";
import { sayField } from "../../core/field-words.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import { parsePhoneNumber } from "../../core/phone-number.ts";
import { allow, type Caller } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { idParams, toInstant } from "../../http/wire.ts";
import type { Projects } from "../projects/projects.ts";
import { say } from "../words.ts";
import { DRY_RULES, type RunDry } from "./dry-run.ts";
import { whyAnswer, whyQuery } from "./schema.ts";
import type { Explain, Verdict, Why } from "./why.ts";

export interface LedgerRouteOptions {
  explain: Explain;
  runDry: RunDry;
  projects: Pick<Projects, "mayUse" | "loadFor">;
  /** Projects of a supervisor; `null`: all of the tenant's. */
  listOwnProjects(caller: Caller): Promise<RowId[] | null>;
  loadCampaign(tenantId: TenantId, id: RowId): Promise<{ projectId: RowId } | null>;
  loadTenant(id: TenantId): Promise<{ country: string } | null>;
}

const read = { access: allow({ roles: ["supervisor", "viewer"], scope: "dialer:read" }) };
const write = { access: allow({ roles: ["supervisor"], scope: "dialer:write" }) };
const count = z.int().min(0);

const dryRunAnswer = z
  .object({
    policy_version: z.string(),
    acknowledged: z.boolean().meta({ description: "false: as things are, nobody would be called" }),
    contacts: count.meta({ description: "Pending contacts" }),
    allowed_now: count,
    blocked: z.array(z.object({ rule: z.enum(DRY_RULES), final: z.boolean(), contacts: count })),
    first_eligible: z.array(z.object({ from: z.iso.datetime(), contacts: count })).meta({
      description: "By hour (UTC): when the rules and the campaign's own hours first leave them open",
    }),
    never: count.meta({ description: "Out for good" }),
    unexamined: count.meta({ description: "More than a dry run looks at" }),
  })
  .meta({ id: "DryRun" });

export function registerLedgerRoutes(app: App, options: LedgerRouteOptions): void {
  registerWhy(app, options);
  registerDryRun(app, options);
}

function registerWhy(app: App, options: LedgerRouteOptions): void {
  app.get(
    "/api/v1/dialer/why",
    {
      config: read,
      schema: {
        summary: "Why a number was called or was not, and what would be decided now",
        tags: ["dialer policies"],
        querystring: whyQuery,
        response: { 200: whyAnswer },
      },
    },
    async (request) => {
      const { caller, query } = request;
      const { tenantId } = caller;
      const number = parsePhoneNumber(query.number, (await options.loadTenant(tenantId))?.country ?? "");
      if (!number) throw toFieldError("number", sayField("phone"));
      const campaignId = query.campaign_id ?? null;
      const campaignsProject = await toProject(options, tenantId, campaignId);
      const projectId = query.project_id ?? campaignsProject;
      // The rules look at the contact's own columns: the campaign must be the caller's too, whatever project is asked about.
      if (campaignsProject !== null && !(await options.projects.mayUse(caller, campaignsProject)))
        throw noSuchCampaign();
      if (projectId !== null) await options.projects.loadFor(caller, projectId);
      const projectIds = await options.listOwnProjects(caller);
      const question = { tenantId, number, projectId, campaignId, projectIds, rowsMax: query.limit };
      return { number, ...toAnswer(await options.explain(question)) };
    },
  );
}

async function toProject(
  { loadCampaign }: LedgerRouteOptions,
  tenantId: TenantId,
  campaignId: RowId | null,
): Promise<RowId | null> {
  if (campaignId === null) return null;
  const campaign = await loadCampaign(tenantId, campaignId);
  if (!campaign) throw noSuchCampaign();
  return campaign.projectId;
}

const noSuchCampaign = (): AppError => new AppError("not_found", say("noCampaign"));

function registerDryRun(app: App, { runDry, loadCampaign, projects }: LedgerRouteOptions): void {
  app.post(
    "/api/v1/campaigns/:id/dry-run",
    {
      config: { ...write, refusals: ["conflict"] },
      schema: {
        summary:
          "How many contacts would be kept from being called and by which rule, and when they first may; calls nobody",
        tags: ["campaigns"],
        params: idParams,
        response: { 200: dryRunAnswer },
      },
    },
    async (request) => {
      const { tenantId } = request.caller;
      const { id: campaignId } = request.params;
      const campaign = await loadCampaign(tenantId, campaignId);
      if (!campaign || !(await projects.mayUse(request.caller, campaign.projectId))) throw noSuchCampaign();
      const { hours, allowedNow, policyVersion, ...rest } = await runDry({
        tenantId,
        campaignId,
        projectId: campaign.projectId,
      });
      return {
        ...{ ...rest, allowed_now: allowedNow, policy_version: policyVersion },
        first_eligible: hours.map(({ from, contacts }) => ({ from: toInstant(from), contacts })),
      };
    },
  );
}

function toAnswer({ country, zones, now, calls, blocks }: Why): Omit<z.output<typeof whyAnswer>, "number"> {
  return {
    ...{ country, zones: [...zones], now: now && toVerdictAnswer(now) },
    calls: calls.map(({ attemptId, at, callerId, policyVersion, counted, disposition, inputs, ...of }) => ({
      ...{ attempt_id: attemptId, at: toInstant(at), ...toWhere(of) },
      ...{ caller_id: callerId, policy_version: policyVersion, inputs, counted, disposition },
    })),
    blocks: blocks.map(({ rule, final, nextAt, policyVersion, inputs, times, firstAt, lastAt, ...of }) => ({
      ...{ rule, final, next_at: toInstant(nextAt), ...toWhere(of), policy_version: policyVersion, inputs },
      ...{ times, first_at: toInstant(firstAt), last_at: toInstant(lastAt) },
    })),
  };
}

function toWhere(of: { projectId: string; campaignId: string | null; contactId: string | null; source: string }) {
  return { project_id: of.projectId, campaign_id: of.campaignId, contact_id: of.contactId, source: of.source };
}

function toVerdictAnswer({ allowed, rule, final, nextAt, policyVersion, checks }: Verdict) {
  return {
    ...{ allowed, rule, final, next_at: toInstant(nextAt), policy_version: policyVersion },
    checks: checks.map((check) => ({
      ...{
        rule: check.rule,
        passed: check.passed,
        final: check.final,
        next_at: toInstant(check.nextAt),
        inputs: check.inputs,
      },
    })),
  };
}
