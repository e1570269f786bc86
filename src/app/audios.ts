import { join } from "node:path";
import type { Config } from "../config.ts";
import { type Audios, createAudios } from "../dialer/audios/audios.ts";
import { registerPbxSoundsRoutes } from "../dialer/audios/pbx-sounds-routes.ts";
import { registerAudioRoutes } from "../dialer/audios/routes.ts";
import { registerAudioUpload } from "../dialer/audios/upload-routes.ts";
import type { App } from "../http/app-instance.ts";
import { createAdminister } from "./dialer-projects.ts";
import type { Ground } from "./ground.ts";

// What the dialer plays, and where this installation keeps it.

export function openAudios(config: Config, ground: Ground): Audios {
  const { folder, soundFolders, cacheBytesMax } = config.audios;
  return createAudios({
    ...ground,
    folder: folder ?? join(config.dataFolder, "audios"),
    ...{ soundFolders, cacheBytesMax, administer: createAdminister(ground) },
  });
}

export function registerAudioDoors(app: App, { clock }: Ground, audios: Audios): void {
  registerAudioRoutes(app, { audios, clock });
  registerAudioUpload(app, audios);
  registerPbxSoundsRoutes(app, audios);
}
