import type { z } from "zod";
import type { Connector } from "../../connectors/connector.ts";
import type { ConnectionRecord } from "../../core/connection-record.ts";
import { toFieldSentence } from "../../core/field-words.ts";
import type { Sentence } from "../../core/sentence.ts";
import { SealError, type SecretBox } from "../../kit/secret-box.ts";
import { openSettings } from "./settings.ts";
import type { StoredConnection } from "./store.ts";
import { say } from "./words.ts";

/** Opens and parses stored settings. What cannot be used becomes a `problem` in words for the administrator, never a throw. */
export function openConnection(
  stored: StoredConnection,
  { box, connectors }: { box: SecretBox; connectors: ReadonlyMap<string, Connector> },
): ConnectionRecord {
  const { tenantId, id, connector, name, enabled, version, origin } = stored;
  const base = { tenantId, id, connector, name, enabled, version, origin };
  const known = connectors.get(connector);
  if (!known) return { ...base, settings: null, problem: say("noConnector", { connector }) };
  try {
    const parsed = known.settings.safeParse(openSettings(box, tenantId, stored.settings));
    if (parsed.success) return { ...base, settings: parsed.data, problem: null };
    const [issue] = parsed.error.issues;
    const setting = issue?.path.join(".") ?? "";
    return { ...base, settings: null, problem: say("badSetting", { setting, said: issue ? toSaid(issue) : "" }) };
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    return { ...base, settings: null, problem: say("sealed", { said: error.message }) };
  }
}

const toSaid = (issue: z.core.$ZodIssue): Sentence | string =>
  toFieldSentence({ keyword: issue.code, message: issue.message, params: { ...issue } }) ?? issue.message;
