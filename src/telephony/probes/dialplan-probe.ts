import type { Finding } from "../../connectors/connector.ts";
import { error, hasDialplan, ok, type Probe, type ProbedPbx, warning } from "./probe.ts";
import { toContextSnippet } from "./snippets.ts";

/** A context of every FreePBX and Issabel, whose web interface writes the usual files. */
const GENERATED_CONTEXT = "from-internal-additional";
const EXTENSIONS_MAX = 20;

export const isGenerated = async (pbx: ProbedPbx): Promise<boolean> =>
  (await hasDialplan(pbx, GENERATED_CONTEXT)) === true;

/** Is there the context that dials for phones, and can it reach the tenant's extensions? */
export const probeDialplan: Probe = async (pbx) => {
  const { context } = pbx.settings.dial;
  const subject = `context:${context}`;
  const isThere = await hasDialplan(pbx, context);
  if (isThere === null)
    return [
      warning(
        "contexts",
        "the AMI user may not look at the dialplan",
        "Give it the class reporting in its write line.",
      ),
    ];
  if (!isThere)
    return [
      error(
        subject,
        `there is no context ${context}: click to call cannot dial`,
        toContextSnippet(context, await isGenerated(pbx)),
      ),
    ];
  const unreachable = await listUnreachable(pbx, context);
  return [ok(subject, `there is the context ${context}`), ...unreachable];
};

async function listUnreachable(pbx: ProbedPbx, context: string): Promise<Finding[]> {
  const extensions = [...new Set(pbx.settings.extensions.values())].slice(0, EXTENSIONS_MAX);
  const missing: string[] = [];
  for (const extension of extensions)
    if ((await hasDialplan(pbx, context, extension)) === false) missing.push(extension);
  if (missing.length === 0) return [];
  const message = `nobody can dial ${missing.join(", ")} in ${context}`;
  return [
    warning(
      "extensions",
      message,
      `Add them to ${context} (exten => ${missing[0]},1,Dial(PJSIP/${missing[0]},30)), or \`enlace extension remove\` those that are gone.`,
    ),
  ];
}
