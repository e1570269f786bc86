import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { allow } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { idParams } from "../../http/wire.ts";
import { toDoer } from "../audit/audit.ts";
import { MASK } from "../connections/settings.ts";
import { say } from "../words.ts";
import type { GivenCdr, PbxCdr, StoredCdr } from "./cdr.ts";

const tags = ["pbxs"];
const name = z.string().regex(/^[A-Za-z0-9_$-]{1,64}$/, "is not the name of a database");
const mysqlFields = {
  kind: z.literal("mysql"),
  host: z.string().regex(/^[A-Za-z0-9._:-]{1,253}$/, "is not a host name or address"),
  port: z.int().min(1).max(65_535).default(3306),
  database: name.default("asteriskcdrdb"),
  user: z.string().min(1).max(80),
};

const cdrBody = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({ kind: z.literal("ami") }),
  z.strictObject({
    ...mysqlFields,
    password: z.string().max(200).optional().meta({ description: "Left out or masked: the stored one" }),
  }),
  z.strictObject({
    kind: z.literal("csv"),
    path: z
      .string()
      .max(500)
      .regex(/^\/[^\0\r\n]+$/, "must be an absolute path")
      .meta({ description: "Master.csv, or the folder it lies in, on the machine of Enlace; set by operators only" }),
  }),
]);

const cdrAnswer = z
  .object({
    kind: z.enum(["none", "ami", "mysql", "csv"]),
    host: z.string().optional(),
    port: z.int().optional(),
    database: z.string().optional(),
    user: z.string().optional(),
    password: z.literal(MASK).optional().meta({ description: "Never shown" }),
    path: z.string().optional(),
  })
  .meta({ id: "PbxCdr" });

export function registerPbxCdrRoutes(app: App, { cdr }: { cdr: PbxCdr }): void {
  app.get(
    "/api/v1/pbxs/:id/cdr",
    {
      config: { access: allow({ roles: ["supervisor", "viewer"], scope: "pbxs:read" }) },
      schema: { summary: "Where a PBX keeps its call records", tags, params: idParams, response: { 200: cdrAnswer } },
    },
    async (request) => toAnswer(await cdr.show(request.caller.tenantId, request.params.id)),
  );
  app.put(
    "/api/v1/pbxs/:id/cdr",
    {
      config: { access: allow({ roles: ["admin"], scope: "pbxs:write" }) },
      schema: {
        summary: "Say where a PBX keeps its call records; they tell which calls were missed",
        description: "`ami` needs cdr_manager on the PBX, `mysql` an account that may only read its table `cdr`.",
        tags,
        params: idParams,
        body: cdrBody,
        response: { 200: cdrAnswer },
      },
    },
    async (request) => {
      const { body, caller, params } = request;
      if (body.kind === "csv" && !caller.isOperator) throw new AppError("forbidden", say("operatorFile"));
      return toAnswer(await cdr.set(toDoer(request), params.id, toGiven(body)));
    },
  );
}

function toGiven(body: z.output<typeof cdrBody>): GivenCdr {
  if (body.kind !== "mysql") return body;
  const { password, ...rest } = body;
  return password === undefined || password === MASK ? rest : { ...rest, password };
}

function toAnswer(stored: StoredCdr): z.input<typeof cdrAnswer> {
  if (stored.kind !== "mysql") return stored;
  const { sealedPassword, ...rest } = stored;
  return { ...rest, password: MASK };
}
