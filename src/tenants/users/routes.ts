import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { allow, ROLES } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { idCursor, pageQuery, parseCursor, toPage, toPageSchema } from "../../http/paging.ts";
import { idParams, noBody } from "../../http/wire.ts";
import type { Database } from "../../kit/postgres/database.ts";
import { toDoer } from "../audit/audit.ts";
import { loadExtensionsOfAll } from "../extensions/store.ts";
import { say } from "../words.ts";
import {
  newUser,
  oneTimePassword,
  ownPasswordChange,
  passwordChange,
  toUserAnswer,
  userAnswer,
  userChange,
  userItem,
} from "./schema.ts";
import { loadUser, loadUsers } from "./store.ts";
import type { Users } from "./users.ts";

const read = { access: allow({ roles: ["admin"], scope: "users:read" }) };
const write = { access: allow({ roles: ["admin"], scope: "users:write" }) };
const tags = ["users"];

type Asked = Parameters<typeof toDoer>[0];
const by = (request: Asked) => ({ caller: request.caller, doer: toDoer(request) });

export function registerUserRoutes(app: App, { users, database }: { users: Users; database: Database }): void {
  registerReading(app, database);
  app.post(
    "/api/v1/users",
    {
      config: write,
      schema: {
        summary: "Add a user",
        tags,
        body: newUser,
        response: { 201: userAnswer.extend({ one_time_password: oneTimePassword }) },
      },
    },
    async (request, reply) => {
      const { is_operator, must_change_password, password, ...rest } = request.body;
      const asked = { ...rest, isOperator: is_operator, mustChangePassword: must_change_password, password };
      const created = await users.create(by(request), asked);
      return reply.code(201).send({ ...toUserAnswer(created.user), one_time_password: created.oneTimePassword });
    },
  );
  app.patch(
    "/api/v1/users/:id",
    {
      config: write,
      schema: {
        summary: "Change a user's name, role or state",
        tags,
        params: idParams,
        body: userChange,
        response: { 200: userAnswer },
      },
    },
    async (request) => {
      const { is_operator, disabled, ...rest } = request.body;
      const asked = { ...rest, isOperator: is_operator, isDisabled: disabled };
      return toUserAnswer(await users.update(by(request), request.params.id, asked));
    },
  );
  app.delete(
    "/api/v1/users/:id",
    { config: write, schema: { summary: "Remove a user", tags, params: idParams, response: { 204: noBody } } },
    async (request, reply) => {
      await users.remove(by(request), request.params.id);
      return reply.code(204).send();
    },
  );
  registerPasswords(app, users);
}

function registerReading(app: App, database: Database): void {
  app.get(
    "/api/v1/users",
    {
      config: read,
      schema: {
        summary: "The people of the tenant",
        tags,
        querystring: z.object(pageQuery),
        response: { 200: toPageSchema(userItem) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const afterId = parseCursor(cursor, idCursor)?.id ?? "0";
      const { tenantId } = request.caller;
      const rows = await loadUsers(database.sql, tenantId, { afterId, rowsMax: limit + 1 });
      const ids = rows.map(({ id }) => id);
      const extensions = await loadExtensionsOfAll(database.sql, tenantId, ids);
      return toPage(rows, limit, {
        toItem: (user) => ({ ...toUserAnswer(user), extensions: [...(extensions.get(user.id) ?? [])] }),
        toPosition: (user) => ({ id: user.id }),
      });
    },
  );
  app.get(
    "/api/v1/users/:id",
    { config: read, schema: { summary: "One user", tags, params: idParams, response: { 200: userAnswer } } },
    async (request) => {
      const user = await loadUser(database.sql, { tenantId: request.caller.tenantId, id: request.params.id });
      if (!user) throw new AppError("not_found", say("noUser"));
      return toUserAnswer(user);
    },
  );
}

function registerPasswords(app: App, users: Users): void {
  app.post(
    "/api/v1/users/:id/password",
    {
      config: write,
      schema: {
        summary: "Give a user a password; ends the user's sessions",
        tags,
        params: idParams,
        body: passwordChange,
        response: { 200: z.object({ one_time_password: oneTimePassword }) },
      },
    },
    async (request) => {
      const { password, must_change_password } = request.body;
      const asked = { password, mustChangePassword: must_change_password };
      const { oneTimePassword: shown } = await users.setPassword(by(request), request.params.id, asked);
      return { one_time_password: shown };
    },
  );
  app.post(
    "/api/v1/me/password",
    {
      config: { access: allow({ roles: ROLES, scope: null, evenWithOldPassword: true }) },
      schema: {
        summary: "Change the own password; ends the other sessions",
        tags,
        body: ownPasswordChange,
        response: { 204: noBody },
      },
    },
    async (request, reply) => {
      const { current_password, new_password } = request.body;
      await users.changeOwnPassword(by(request), { current: current_password, next: new_password });
      return reply.code(204).send();
    },
  );
}
