import { AppError, toFieldError } from "../../core/errors.ts";
import type { RowId } from "../../core/ids.ts";
import { type Caller, type Role, SCOPES } from "../../http/access.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";
import { type Doer, writeAudit } from "../audit/audit.ts";
import type { Guesses } from "../sessions/guesses.ts";
import { revokeSessionsOfUser } from "../sessions/store.ts";
import { lockTenant } from "../store.ts";
import { say } from "../words.ts";
import { type Passwords, refuseWeakPassword } from "./passwords.ts";
import {
  countOthers,
  loadPassword,
  loadUser,
  lockOperators,
  removeUser,
  saveNewUser,
  savePassword,
  saveUser,
  type User,
} from "./store.ts";

/**
 * The people of a tenant. Nobody gives what he does not have: only operators touch operators, and an API key touches
 * admins only when its scopes are all there are. The last active admin of a tenant, and the last operator, stay.
 */
export interface Users {
  create(by: By, user: UserRequest): Promise<{ user: User; oneTimePassword: string | null }>;
  update(by: By, id: RowId, change: UserChange): Promise<User>;
  remove(by: By, id: RowId): Promise<void>;
  /** Gives another user a password and ends that user's sessions. */
  setPassword(by: By, id: RowId, change: PasswordRequest): Promise<{ oneTimePassword: string | null }>;
  /** Changes the caller's own password and ends the caller's other sessions. */
  changeOwnPassword(by: By, change: { current: string; next: string }): Promise<void>;
}

export interface By {
  caller: Caller;
  doer: Doer;
}
export interface UserRequest {
  username: string;
  name: string;
  role: Role;
  isOperator: boolean;
  password: string | undefined;
  mustChangePassword: boolean;
}
export interface UserChange {
  name?: string | undefined;
  role?: Role | undefined;
  isOperator?: boolean | undefined;
  isDisabled?: boolean | undefined;
}
export interface PasswordRequest {
  /** Without one a one-time password is made. */
  password: string | undefined;
  mustChangePassword: boolean;
}

export interface UsersOptions {
  database: Database;
  clock: Clock;
  passwords: Passwords;
  guesses: Guesses;
}

export function createUsers({ database, clock, passwords, guesses }: UsersOptions): Users {
  /** Runs `work` on a user of the caller's tenant while nobody else changes its people. */
  function change<T>({ caller, doer }: By, id: RowId, work: (transaction: Sql, user: User) => Promise<T>): Promise<T> {
    return database.sql.transaction().execute(async (transaction) => {
      await lockOperators(transaction);
      await lockTenant(transaction, doer.tenantId);
      const user = await loadUser(transaction, { tenantId: doer.tenantId, id });
      if (!user) throw new AppError("not_found", say("noUser"));
      refuseBeyondReach(caller, user);
      return work(transaction, user);
    });
  }

  async function update(
    { caller, doer }: By,
    transaction: Sql,
    { before, asked }: { before: User; asked: UserChange },
  ) {
    const at = clock.now();
    const after = apply(before, asked, at);
    refuseBeyondReach(caller, after);
    if (isAdministering(before) && !isAdministering(after)) await refuseLast(transaction, before);
    if (before.isOperator && !after.isOperator) await refuseLastOperator(transaction, before);
    const saved = await saveUser(transaction, after, at);
    if (saved.disabledAt) await revokeSessionsOfUser(transaction, saved, { at });
    await writeAudit(transaction, doer, {
      action: "user.update",
      target: `user:${saved.id}`,
      detail: { ...asked },
      at,
    });
    return saved;
  }

  return {
    create: async ({ caller, doer }, request) => {
      refuseBeyondReach(caller, request);
      const { hash, oneTimePassword, mustChangePassword } = await toPassword(passwords, request, request.username);
      return database.sql.transaction().execute(async (transaction) => {
        const at = clock.now();
        const { username, name, role, isOperator } = request;
        const { tenantId } = doer;
        const row = { tenantId, username, name, role, isOperator, passwordHash: hash, mustChangePassword };
        const user = await saveNewUser(transaction, row, at);
        if (!user) throw new AppError("conflict", say("usernameTaken", { username }));
        const detail = { username, role, is_operator: isOperator };
        await writeAudit(transaction, doer, { action: "user.create", target: `user:${user.id}`, detail, at });
        return { user, oneTimePassword };
      });
    },
    update: (by, id, asked) => change(by, id, (transaction, before) => update(by, transaction, { before, asked })),
    remove: (by, id) =>
      change(by, id, async (transaction, user) => {
        if (isAdministering(user)) await refuseLast(transaction, user);
        await removeUser(transaction, user);
        const detail = { username: user.username };
        const deed = { action: "user.delete", target: `user:${id}`, detail, at: clock.now() };
        await writeAudit(transaction, by.doer, deed);
      }),
    setPassword: (by, id, request) =>
      change(by, id, async (transaction, user) => {
        const { hash, oneTimePassword, mustChangePassword } = await toPassword(passwords, request, user.username);
        const at = clock.now();
        await savePassword(transaction, user, { passwordHash: hash, mustChangePassword, at });
        await revokeSessionsOfUser(transaction, user, { at });
        await writeAudit(transaction, by.doer, { action: "user.set_password", target: `user:${id}`, at });
        return { oneTimePassword };
      }),
    changeOwnPassword: async ({ caller, doer }, { current, next }) => {
      const forget = guesses.begin(caller.name, doer.address);
      const known = await loadPassword(database.sql, caller.name);
      if (!(await passwords.isRight(known?.passwordHash ?? null, current)) || known?.user.id !== caller.userId)
        throw toFieldError("current_password", say("wrongPassword"));
      forget();
      if (next === current) throw toFieldError("new_password", say("samePassword"));
      refuseWeakPassword(next, caller.name, "new_password");
      const passwordHash = await passwords.hash(next);
      await database.sql.transaction().execute(async (transaction) => {
        const at = clock.now();
        await savePassword(transaction, known.user, { passwordHash, mustChangePassword: false, at });
        await revokeSessionsOfUser(transaction, known.user, { at, exceptSessionId: caller.sessionId });
        const target = `user:${known.user.id}`;
        await writeAudit(transaction, doer, { action: "user.change_password", target, at });
      });
    },
  };
}

function apply(user: User, change: UserChange, at: Date): User {
  const { name = user.name, role = user.role, isOperator = user.isOperator, isDisabled } = change;
  const disabledAt = isDisabled === undefined ? user.disabledAt : isDisabled ? (user.disabledAt ?? at) : null;
  return { ...user, name, role, isOperator, disabledAt };
}

async function toPassword(passwords: Passwords, request: PasswordRequest, username: string) {
  if (request.password === undefined) {
    const oneTimePassword = passwords.create();
    return { hash: await passwords.hash(oneTimePassword), oneTimePassword, mustChangePassword: true };
  }
  refuseWeakPassword(request.password, username);
  const hash = await passwords.hash(request.password);
  return { hash, oneTimePassword: null, mustChangePassword: request.mustChangePassword };
}

/** Whoever could make an admin or an operator could become one. */
function refuseBeyondReach(caller: Caller, user: { role: Role; isOperator: boolean }): void {
  if (user.isOperator && !caller.isOperator) throw new AppError("forbidden", say("operatorsOnly"));
  const isAdmin = caller.role === "admin" || SCOPES.every((scope) => caller.scopes.includes(scope));
  if (user.role === "admin" && !isAdmin) throw new AppError("forbidden", say("adminsOnly"));
}

const isAdministering = (user: User): boolean => user.role === "admin" && user.disabledAt === null;

async function refuseLast(transaction: Sql, user: User): Promise<void> {
  const { admins } = await countOthers(transaction, user);
  if (admins === 0) throw new AppError("conflict", say("lastAdmin"));
  if (user.isOperator) await refuseLastOperator(transaction, user);
}

async function refuseLastOperator(transaction: Sql, user: User): Promise<void> {
  const { operators } = await countOthers(transaction, user);
  if (operators === 0) throw new AppError("conflict", say("lastOperator"));
}
