import { AppError } from "../../core/errors.ts";
import { allow } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { idParams } from "../../http/wire.ts";
import { toDoer } from "../administer.ts";
import { say } from "../words.ts";
import type { Audios } from "./audios.ts";
import { fromWireSounds, pbxSoundsAnswer, pbxSoundsBody, toSoundsAnswer } from "./schema.ts";

const url = "/api/v1/pbxs/:id/sounds";
const tags = ["pbxs"];

/** How a PBX gets what it plays. */
export function registerPbxSoundsRoutes(app: App, audios: Pick<Audios, "showPbxSounds" | "setPbxSounds">): void {
  app.get(
    url,
    {
      config: { access: allow({ roles: ["supervisor", "viewer"], scope: "pbxs:read" }) },
      schema: { summary: "How a PBX gets its sounds", tags, params: idParams, response: { 200: pbxSoundsAnswer } },
    },
    async ({ caller, params }) => toSoundsAnswer(await audios.showPbxSounds(caller.tenantId, params.id)),
  );
  app.put(
    url,
    {
      config: { access: allow({ roles: ["admin"], scope: "pbxs:write" }) },
      schema: {
        summary: "Say how a PBX gets its sounds",
        description: "A folder that both see is the quickest; `http` needs its module res_http_media_cache.",
        tags,
        params: idParams,
        body: pbxSoundsBody,
        response: { 200: pbxSoundsAnswer },
      },
    },
    async (request) => {
      const { body, caller, params } = request;
      if (body.delivery === "folder" && !caller.isOperator) throw new AppError("forbidden", say("operatorFolder"));
      return toSoundsAnswer(await audios.setPbxSounds(toDoer(request), params.id, fromWireSounds(body)));
    },
  );
}
