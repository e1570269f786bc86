import type { Log } from "../../kit/log.ts";
import type { AgiHandler } from "../agi-routes.ts";
import type { SmartRedirect } from "./smart-redirect.ts";

/**
 * `AGI(agi://enlace.example.test/redirect,${TRUNK})`: sets ENLACE_NAME, ENLACE_EXTENSION, ENLACE_DIALPLAN and ENLACE_REASON,
 * each empty when there is nothing to say, and lets the dialplan go on. For dialplans without CURL. The line is
 * `trunk=` of the URL or the first argument that is no `name=value`.
 */
export function createRedirectScript({ decide }: Pick<SmartRedirect, "decide">, log: Log): AgiHandler {
  return async (agi, { tenantId }) => {
    const trunk = agi.query.get("trunk") ?? agi.args.find((arg) => !arg.includes("=")) ?? "";
    const phone = agi.query.get("phone") ?? agi.callerNumber;
    const asked = { tenantId, source: "agi", uniqueId: agi.uniqueId.slice(0, 100), trunk: trunk.slice(0, 64) } as const;
    const decision = await decide(asked, { phone: phone.slice(0, 40) });
    const { name, extension, dialPlan, reason, durationMs } = decision;
    log.info({ ...asked, from: decision.phone, extension, dialPlan, reason, durationMs }, "redirect.decided");
    await agi.setVariable("ENLACE_NAME", name);
    await agi.setVariable("ENLACE_EXTENSION", extension ?? "");
    await agi.setVariable("ENLACE_DIALPLAN", dialPlan ?? "");
    await agi.setVariable("ENLACE_REASON", reason);
  };
}
