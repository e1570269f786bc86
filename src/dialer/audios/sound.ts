import { join } from "node:path";
import type { TenantId } from "../../core/ids.ts";

/** One sound that never changes: an upload, a text that was spoken, a built-in prompt. */
export interface SoundRef {
  kind: "audio" | "speech" | "prompt";
  /** Whose it is; built-in prompts are everybody's. */
  tenantId: TenantId | null;
  /** 32 hexadecimal digits. */
  file: string;
}

export const SOUND_KINDS = ["audio", "speech", "prompt"] as const satisfies readonly SoundRef["kind"][];

/** Where it lies below a folder of sounds, ours or a PBX's, without its ending. */
export function toSoundPlace({ kind, tenantId, file }: SoundRef): string {
  return tenantId === null ? join(kind, file) : join(kind, String(tenantId), file);
}
