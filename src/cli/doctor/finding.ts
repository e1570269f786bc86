import { toErrorMessage } from "../../core/errors.ts";

/** One thing looked at: what is so, and how to mend it, in words for the administrator. */
export interface Finding {
  level: "ok" | "warning" | "error";
  /** Stable name, for scripts. */
  subject: string;
  message: string;
  mend?: string;
}

/** The findings of one look. That it could not be taken at all is a finding too, never the end of the examination. */
export async function examine(subject: string, look: () => Promise<Finding | Finding[]>): Promise<Finding[]> {
  try {
    return [await look()].flat();
  } catch (error) {
    return [{ level: "error", subject, message: toErrorMessage(error) }];
  }
}
