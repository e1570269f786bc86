import { Readable } from "node:stream";
import { z } from "zod";
import { AppError, toErrorMessage } from "../../core/errors.ts";
import type { TenantId } from "../../core/ids.ts";
import type { PbxRecord } from "../../core/pbx-record.ts";
import { allow } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { idParams } from "../../http/wire.ts";
import { RefusedAddress } from "../../kit/address-guard.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Random } from "../../kit/random.ts";
import type { PbxSettings } from "../pbx.ts";
import { recordTrace } from "./recorder.ts";

export interface TraceRouteOptions {
  clock: Clock;
  random: Random;
  /** With its secret opened. Throws `not_found`. */
  openPbx(tenantId: TenantId, id: string): Promise<PbxRecord>;
  toSettings(record: PbxRecord): PbxSettings;
  audit(
    doer: { tenantId: TenantId; actor: string; address: string },
    deed: { action: "pbx.trace"; target: string; detail: Record<string, unknown> },
  ): Promise<void>;
}

const SECONDS_MAX = 3_600;
const CHARS_MAX = 50_000_000;
/** Each is a connection to a PBX and up to some megabytes here. */
const AT_ONCE_MAX = 4;

const newTrace = z.strictObject({
  seconds: z.int().min(1).max(SECONDS_MAX).default(60),
  megabytes: z
    .int()
    .min(1)
    .max(CHARS_MAX / 1_000_000)
    .default(10),
});

/** Recording what a PBX says, disguised: see recorder.ts. */
export function registerTraceRoutes(app: App, { clock, random, openPbx, toSettings, audit }: TraceRouteOptions): void {
  let running = 0;
  app.post(
    "/api/v1/pbxs/:id/trace",
    {
      config: { access: allow({ roles: ["admin"], scope: "pbxs:write" }) },
      schema: {
        summary: "Record what the PBX says over AMI, with every number, name and address replaced",
        description:
          "Answers with lines of JSON (application/x-ndjson) as they come, until the time is over or the size is reached.",
        tags: ["pbxs"],
        params: idParams,
        body: newTrace,
        response: { 200: z.unknown().meta({ description: "Lines of JSON" }) },
      },
    },
    async (request, reply) => {
      const { tenantId, actor } = request.caller;
      const { seconds, megabytes } = request.body;
      if (running >= AT_ONCE_MAX)
        throw new AppError("unavailable", `${AT_ONCE_MAX} traces are being recorded already.`, {
          retryAfterSeconds: 60,
        });
      const settings = toReachable(await openPbx(tenantId, request.params.id), toSettings);
      const gone = new AbortController();
      reply.raw.once("close", () => gone.abort(new Error("nobody reads the trace any more")));
      const signal = AbortSignal.any([app.draining, gone.signal]);
      const options = { settings, durationMs: seconds * 1000, charsMax: megabytes * 1_000_000, clock, random, signal };
      const lines = recordTrace(options);
      running++;
      try {
        const first = await beginOrRefuse(lines);
        await audit(
          { tenantId, actor, address: request.ip },
          { action: "pbx.trace", target: `pbx:${request.params.id}`, detail: { seconds } },
        );
        const body = Readable.from(follow(first, lines, () => running--));
        return await reply.type("application/x-ndjson").send(body);
      } catch (error) {
        running--;
        await lines.return(undefined);
        throw error;
      }
    },
  );
}

async function* follow(first: string, rest: AsyncGenerator<string>, onEnd: () => void): AsyncGenerator<string> {
  try {
    yield first;
    yield* rest;
  } finally {
    onEnd();
  }
}

async function beginOrRefuse(lines: AsyncGenerator<string>): Promise<string> {
  try {
    return (await lines.next()).value ?? "";
  } catch (error) {
    throw new AppError("unavailable", `The PBX cannot be recorded: ${toErrorMessage(error)}.`, {
      retryAfterSeconds: 30,
    });
  }
}

function toReachable(record: PbxRecord, toSettings: TraceRouteOptions["toSettings"]): PbxSettings {
  try {
    return toSettings(record);
  } catch (error) {
    if (error instanceof RefusedAddress) throw new AppError("forbidden", error.message);
    throw error;
  }
}
