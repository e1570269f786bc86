import type { Finding } from "../../connectors/connector.ts";
import { mend } from "./mend-words.ts";
import { error, hasDialplan, ok, type Probe, type ProbedPbx, warning } from "./probe.ts";
import { toContextSnippet } from "./snippets.ts";
import { say } from "./words.ts";

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
  if (isThere === null) return [warning("contexts", say("contextsUnseen"), mend("reporting"))];
  if (!isThere)
    return [error(subject, say("contextAway", { context }), toContextSnippet(context, await isGenerated(pbx)))];
  const unreachable = await listUnreachable(pbx, context);
  return [ok(subject, say("contextThere", { context })), ...unreachable];
};

async function listUnreachable(pbx: ProbedPbx, context: string): Promise<Finding[]> {
  const extensions = [...new Set(pbx.settings.extensions.values())].slice(0, EXTENSIONS_MAX);
  const missing: string[] = [];
  for (const extension of extensions)
    if ((await hasDialplan(pbx, context, extension)) === false) missing.push(extension);
  if (missing.length === 0) return [];
  const message = say("extensionsUnreached", { extensions: missing, context });
  return [
    warning(
      "extensions",
      message,
      mend("extensions", { context, line: `exten => ${missing[0]},1,Dial(PJSIP/${missing[0]},30)` }),
    ),
  ];
}
