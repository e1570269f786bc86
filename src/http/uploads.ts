import fastifyMultipart from "@fastify/multipart";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { type Clock, systemClock } from "../kit/clock.ts";
import type { App } from "./app-instance.ts";

/** How long a body may be on its way, unless its route says otherwise (`config: { bodyMs }`): a large file takes its time. */
const BODY_MS = 30_000;
/** The longest that any route may allow; with it the server itself cuts whoever is slower. */
export const BODY_MS_MAX = 900_000;

/** Cuts clients whose body does not arrive in time. Where it came together with its head no clock is started. */
export function installBodyTime(app: App, clock: Clock = systemClock): void {
  app.addHook("preParsing", (request, _reply, _payload, done) => {
    const { raw } = request;
    const hasBody = raw.headers["content-length"] !== undefined || raw.headers["transfer-encoding"] !== undefined;
    if (hasBody && raw.headers["content-length"] !== "0" && !raw.complete) {
      const cancel = clock.after(request.routeOptions.config.bodyMs ?? BODY_MS, () => raw.destroy());
      raw.once("end", cancel).once("close", cancel);
    }
    done();
  });
}

/**
 * Registers routes that take a file as `multipart/form-data`, read as a stream: `request.file()`. They live in a scope of
 * their own, so that no other route takes such bodies or pays for them. Give them `config: { bodyMs }`, and the body's
 * schema with `validatorCompiler: takeAnyBody`: it is for the document alone.
 */
export function registerUploads(app: App, fileBytesMax: number, register: (scope: App) => void): void {
  void app.register(async (scope) => {
    await scope.register(fastifyMultipart, {
      limits: { fileSize: fileBytesMax, files: 1, fields: 10, fieldSize: 1_000, fieldNameSize: 100, parts: 11 },
    });
    register(scope.withTypeProvider<ZodTypeProvider>());
  });
}

/** A multipart body is no value yet when it would be checked. */
export const takeAnyBody = () => (value: unknown) => ({ value });
