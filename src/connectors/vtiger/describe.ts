import type { ConnectorContext, Run } from "../connector.ts";
import { VtigerFailure } from "./answer.ts";
import type { VtigerClient } from "./client.ts";
import { type Layout, resolveLayout } from "./fields.ts";
import type { VtigerModule, VtigerSettings } from "./schema.ts";
import { say } from "./words.ts";

/** What the CRM's modules look like to the API user, asked for again every ten minutes or after `forget`. */
export interface ModuleCache {
  load(module: string, run: Run): Promise<VtigerModule>;
  /** The layout of the module that takes calls. Fails with kind `setup` when it has no field for the call's id. */
  loadLayout(run: Run): Promise<Layout>;
  /** Something did not fit: fields or rights may have changed over there. */
  forget(): void;
}

const KEPT_MS = 10 * 60_000;

export function createModuleCache(context: ConnectorContext<VtigerSettings>, client: VtigerClient): ModuleCache {
  const { clock, settings } = context;
  const kept = new Map<string, { module: VtigerModule; untilMs: number }>();

  async function load(name: string, run: Run): Promise<VtigerModule> {
    const known = kept.get(name);
    if (known !== undefined && known.untilMs > clock.monotonicMs()) return known.module;
    const module = await client.describe(name, run);
    kept.set(name, { module, untilMs: clock.monotonicMs() + KEPT_MS });
    return module;
  }

  return {
    load,
    forget: () => kept.clear(),
    loadLayout: async (run) => {
      const described = await load(settings.module, run).catch((error: unknown) => {
        if (!(error instanceof VtigerFailure) || error.kind !== "denied") throw error;
        throw new VtigerFailure("setup", say("moduleClosed", { module: settings.module }));
      });
      const { layout, problems } = resolveLayout(settings, described);
      if (layout !== undefined) return layout;
      kept.delete(settings.module); // it may be made at any moment
      const wanted = problems.find(({ field }) => field === "call_uuid")?.wanted ?? "";
      throw new VtigerFailure("setup", say("noKeyField", { module: settings.module, field: wanted }));
    },
  };
}
