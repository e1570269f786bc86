// The recorded exchanges of real Vtigers (8.4.0 and 7.5.0), all with made-up data.
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Sample {
  name: string;
  vtiger: string;
  request: { method: string; params: Record<string, string> | null; raw_body: string | null };
  status: number;
  content_type: string;
  response: SampleResponse | null;
  note?: string;
}
export type SampleResponse =
  | { success: true; result: unknown }
  | { success: false; error: { code: string | number; message: string } };

export function loadSamples(): Sample[] {
  const text = readFileSync(join(import.meta.dirname, "fixtures/samples.jsonl"), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Sample);
}
