import { z } from "zod";
import { type ApiClient, parseAnswer } from "../api-client.ts";
import type { Finding } from "./finding.ts";

/** What `POST …/check` of a connection or PBX answers. */
const checkAnswer = z.object({
  findings: z.array(
    z.object({
      level: z.enum(["ok", "warning", "error"]),
      subject: z.string(),
      message: z.string(),
      mend: z.string().nullish(),
    }),
  ),
});

/** Has it looked at now. Rejects as the API client does. */
export async function loadCheck(api: ApiClient, path: string): Promise<Finding[]> {
  const { findings } = parseAnswer(checkAnswer, await api.send("POST", path));
  return findings.map(({ mend, ...finding }) => ({ ...finding, ...(mend && { mend }) }));
}
