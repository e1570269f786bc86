// The records of the stand-in, its users with their rights, and who may see, assign and change what.
import {
  type FakeField,
  type FakeModule,
  invalidId,
  isEmptyReference,
  loadModules,
  toColumn,
  toEmpty,
  toEventDuration,
  toShown,
  toStored,
} from "./fake-modules.ts";
import { meets, parseStatement, type Statement, WsError } from "./fake-vtql.ts";

export interface FakeUser {
  id: string;
  userName: string;
  accessKey: string;
  isAdmin: boolean;
  /** Place in the role tree: 0 is the top. Records of users below are seen. */
  rank: number;
  extension: string;
  isActive: boolean;
  language: "en" | "es";
  /** Modules its profile leaves out, may only read, and fields it hides. */
  closed: readonly string[];
  readOnly: readonly string[];
  hidden: Readonly<Record<string, readonly string[]>>;
}

export interface FakeRecord {
  id: string;
  module: string;
  deleted: boolean;
  fields: Record<string, string>;
}

export interface FakeStoreOptions {
  version: string;
  /** Rules of Module Layouts → Duplicate Prevention: `PBXManager.sourceuuid`. */
  unique: readonly string[];
  customFields: boolean;
  /** Custom module of the older system. */
  callsModule: boolean;
  now(): Date;
}

const GROUPS = new Map([
  ["20x3", "Marketing Group"],
  ["20x4", "Support Group"],
  ["20x2", "Team Selling"],
]);
/** Default sharing; everything else is public. */
const SECRET_FIELDS = ["accesskey", "user_password", "confirm_password"];
const PRIVATE = new Set(["PBXManager"]);
const DUPLICATE = { en: "Duplicate(s) detected!", es: "Duplicar (s) detectado!" };
const denied = (more = ""): WsError =>
  new WsError("ACCESS_DENIED", `Permission to perform the operation is denied${more}`);

export class FakeStore {
  readonly modules: Map<string, FakeModule>;
  readonly records = new Map<string, FakeRecord>();
  readonly users = new Map<string, FakeUser>();
  readonly #byModule = new Map<string, FakeRecord[]>();
  unique: readonly string[];
  readonly #options: FakeStoreOptions;
  #serial = 1;

  constructor(options: FakeStoreOptions) {
    this.#options = options;
    this.unique = options.unique;
    this.modules = loadModules(options);
    if (!options.callsModule) this.modules.delete("Calls");
    this.addUser({ id: "19x1", userName: "admin", isAdmin: true, rank: 0 });
    this.addUser({ id: "19x5", userName: "apiuser", rank: 1 });
    this.addUser({ id: "19x6", userName: "agent1001", rank: 4, extension: "1001", closed: ["Users"] });
    this.addUser({ id: "19x7", userName: "agent1002", rank: 4, extension: "1002", closed: ["Users"] });
    const hidden = { Events: ["cf_call_uuid"] };
    this.addUser({
      id: "19x8",
      userName: "limited",
      rank: 4,
      closed: ["PBXManager", "Users"],
      readOnly: ["Contacts"],
      hidden,
    });
    this.addUser({ id: "19x9", userName: "apius", rank: 1 });
    this.addUser({ id: "19x10", userName: "apies", rank: 1, language: "es" });
  }

  addUser(user: Pick<FakeUser, "id" | "userName"> & Partial<FakeUser>): FakeUser {
    const rest = { isAdmin: false, rank: 4, extension: "", isActive: true, language: "en" as const };
    const full = { ...rest, accessKey: `${user.userName}key123456`, closed: [], readOnly: [], hidden: {}, ...user };
    this.users.set(full.id, full);
    return full;
  }

  describe(user: FakeUser, name: string): FakeModule {
    const module = this.#open(user, name, ` for name : ${name}`);
    const hidden = user.hidden[name] ?? [];
    const writable = module.createable && !user.readOnly.includes(name);
    const fields = module.fields.filter((field) => !hidden.includes(field.name));
    return { ...module, fields, createable: writable, updateable: writable };
  }

  query(user: FakeUser, text: string): Record<string, string | null>[] {
    const statement = parseStatement(text);
    if (!this.modules.has(statement.module)) throw denied(` for name : ${statement.module}`);
    const module = this.#open(user, statement.module);
    const columns = this.#checkColumns(user, module, statement);
    const rows = this.#rowsOf(statement.module)
      .filter((record) => this.#sees(user, record))
      .filter(
        (record) =>
          statement.where.length === 0 || statement.where.some((all) => all.every((one) => this.#meets(record, one))),
      );
    if (columns[0] === "count(*)") return isBefore(this.#options.version, 8, 3) ? [{ count: String(rows.length) }] : [];
    sortRows(rows, statement);
    return rows
      .slice(statement.offset, statement.offset + statement.limit)
      .map((record) => this.#toRow(module, record, columns));
  }

  /** Checked before the element is even read. */
  checkCreatable(user: FakeUser, name: string): FakeModule {
    const module = this.modules.get(name);
    if (module === undefined || user.closed.includes(name) || !module.createable) throw denied();
    return module;
  }

  create(user: FakeUser, name: string, element: Readonly<Record<string, unknown>>): Record<string, string | null> {
    const module = this.checkCreatable(user, name);
    const hidden = user.hidden[name] ?? [];
    if (user.readOnly.includes(name) || Object.keys(element).some((field) => hidden.includes(field))) {
      throw new WsError("ACCESS_DENIED", "Permission to write is denied");
    }
    const references = this.#checkReferences(user, module, element);
    for (const field of module.fields) {
      const sent = field.name === "assigned_user_id" ? references.assigned_user_id : element[field.name];
      if (field.mandatory && (sent === undefined || sent === null || sent === "")) throw missing(field.name);
    }
    const stamp = toStamp(this.#options.now());
    const fields = Object.fromEntries(module.fields.map((field) => [field.name, toEmpty(field)]));
    this.#store(module, fields, { ...element, ...references });
    for (const field of ["createdtime", "CreatedTime", "modifiedtime", "ModifiedTime"])
      if (field in fields) fields[field] = stamp;
    if ("source" in fields) fields.source = "WEBSERVICE";
    if ("modifiedby" in fields) fields.modifiedby = user.id;
    this.#checkUnique(user, { id: "", module: name, deleted: false, fields });
    const record = { id: `${module.idPrefix}x${++this.#serial}`, module: name, deleted: false, fields };
    this.records.set(record.id, record);
    this.#byModule.set(name, this.#byModule.get(name) ?? []);
    this.#byModule.get(name)?.push(record);
    return this.#toResult(module, record);
  }

  revise(
    user: FakeUser,
    element: Readonly<Record<string, unknown>>,
    { whole }: { whole: boolean },
  ): Record<string, string | null> {
    const { record, module } = this.#find(user, element.id);
    if (user.readOnly.includes(record.module)) throw unreadable();
    const references = this.#checkReferences(user, module, element);
    for (const { name, mandatory } of module.fields) {
      if (mandatory && (whole ? isEmptyReference(element[name]) : element[name] === "")) throw missing(name);
    }
    const fields = { ...record.fields };
    this.#store(module, fields, { ...element, ...references });
    for (const field of ["modifiedtime", "ModifiedTime"])
      if (field in fields) fields[field] = toStamp(this.#options.now());
    this.#checkUnique(user, { ...record, fields });
    record.fields = fields;
    return this.#toResult(module, record);
  }

  retrieve(user: FakeUser, id: unknown): Record<string, string | null> {
    const { record, module } = this.#find(user, id);
    return this.#toResult(module, record);
  }

  delete(user: FakeUser, id: unknown): void {
    const { record } = this.#find(user, id);
    if (user.readOnly.includes(record.module)) throw unreadable();
    record.deleted = true;
  }

  #open(user: FakeUser, name: string, more = ""): FakeModule {
    const module = this.modules.get(name);
    if (module === undefined || user.closed.includes(name)) throw denied(more);
    return module;
  }

  #find(user: FakeUser, id: unknown): { record: FakeRecord; module: FakeModule } {
    if (typeof id !== "string" || id === "") throw invalidId();
    const [prefix, serial] = id.split("x");
    const module = [...this.modules.values()].find(({ idPrefix }) => idPrefix === prefix);
    if (module === undefined || serial === undefined || user.closed.includes(module.name)) throw denied();
    const record = this.#rowsOf(module.name).find((row) => row.id === id);
    if (record === undefined) {
      if ([...this.records.values()].some((other) => !other.deleted && other.id.endsWith(`x${serial}`)))
        throw invalidId();
      throw denied();
    }
    if (!this.#sees(user, record)) throw unreadable();
    return { record, module };
  }

  #rowsOf(module: string): FakeRecord[] {
    if (module === "Users")
      return [...this.users.values()].filter(({ isActive }) => isActive).map((user) => this.#toUserRecord(user));
    if (module === "Groups") {
      return [...GROUPS].map(([id, groupname]) => ({
        id,
        module,
        deleted: false,
        fields: { groupname, description: "" },
      }));
    }
    return (this.#byModule.get(module) ?? []).filter((record) => !record.deleted);
  }

  #toUserRecord(user: FakeUser): FakeRecord {
    const empty = Object.fromEntries((this.modules.get("Users")?.fields ?? []).map(({ name }) => [name, ""]));
    const known = { user_name: user.userName, last_name: user.userName, phone_crm_extension: user.extension };
    const rights = { status: "Active", is_admin: user.isAdmin ? "on" : "off" };
    return { id: user.id, module: "Users", deleted: false, fields: { ...empty, ...known, ...rights } };
  }

  #sees(user: FakeUser, { module, fields }: FakeRecord): boolean {
    const ownerId = fields.assigned_user_id ?? "";
    if (user.isAdmin || !PRIVATE.has(module) || ownerId === user.id || GROUPS.has(ownerId)) return true;
    return (this.users.get(ownerId)?.rank ?? -1) > user.rank;
  }

  #checkColumns(user: FakeUser, module: FakeModule, { columns, where, orderBy }: Statement): readonly string[] {
    if (columns[0] === "count(*)") return columns;
    const seen = new Set(["id", ...module.fields.map(({ name }) => name)]);
    for (const name of user.hidden[module.name] ?? []) seen.delete(name);
    for (const secret of SECRET_FIELDS) seen.delete(secret);
    const wrong = columns.find((column) => column !== "*" && !seen.has(column));
    if (wrong !== undefined) throw new WsError("ACCESS_DENIED", `Permission to access '.${wrong}.' attribute denied.`);
    const used = [...where.flat().map(({ column }) => column), ...orderBy.map(({ column }) => column)];
    const hidden = used.find((column) => !seen.has(column));
    if (hidden !== undefined) throw new WsError("ACCESS_DENIED", `Permission to access ${hidden} attribute denied.`);
    const kinds = new Map(module.fields.map((field) => [field.name, field.type.name]));
    for (const { column, values } of where.flat()) {
      const isReference = column === "id" || kinds.get(column) === "reference" || kinds.get(column) === "owner";
      if (isReference && values.some((value) => !/^\d+x\d+$/.test(value))) throw invalidId();
    }
    return columns[0] === "*" ? [...seen] : columns;
  }

  #meets(record: FakeRecord, condition: Statement["where"][number][number]): boolean {
    const text = condition.column === "id" ? record.id : toColumn(record.fields[condition.column] ?? "");
    return meets(text, condition);
  }

  #checkReferences(
    user: FakeUser,
    { name, fields }: FakeModule,
    element: Readonly<Record<string, unknown>>,
  ): Record<string, string> {
    const checked: Record<string, string> = {};
    for (const field of fields) {
      const value = element[field.name];
      if (isEmptyReference(value)) continue;
      if (field.type.name === "owner") checked[field.name] = this.#checkOwner(user, String(value));
      if (field.type.name === "reference") checked[field.name] = this.#checkReference(user, field, String(value));
    }
    return name === "Users" ? {} : checked;
  }

  #checkOwner(user: FakeUser, value: string): string {
    if (!/^\d+(x\d+)?$/.test(value)) throw invalidId();
    if (user.isAdmin) return value.includes("x") ? value.replace(/^(?!19x)\d+x/, "20x") : user.id;
    const isOther = this.users.has(value) && value !== user.id;
    if ((!this.users.has(value) && !GROUPS.has(value)) || (isOther && this.#hasAssignBug())) {
      throw new WsError("ACCESS_DENIED", "Cannot assign record to the given user");
    }
    return value;
  }

  #checkReference(user: FakeUser, field: FakeField, value: string): string {
    const toUsers = field.type.refersTo?.includes("Users") ?? false;
    if (!/^\d+(x\d+)?$/.test(value)) throw invalidId();
    const module = [...this.modules.values()].find(({ idPrefix }) => value.startsWith(`${idPrefix}x`));
    if (!value.includes("x") && !toUsers)
      throw new WsError("REFERENCE_INVALID", `Invalid reference specified for ${field.name}`);
    if (module === undefined) throw denied(" for id");
    if (!field.type.refersTo?.includes(module.name)) {
      throw new WsError("REFERENCE_INVALID", `Invalid reference specified for ${field.name}`);
    }
    if (toUsers) return this.#checkOwner(user, value);
    return this.#rowsOf(module.name).some(({ id }) => id === value) ? value : "";
  }

  #hasAssignBug(): boolean {
    return !isBefore(this.#options.version, 7, 5) && isBefore(this.#options.version, 8, 3);
  }

  #store(module: FakeModule, fields: Record<string, string>, element: Readonly<Record<string, unknown>>): void {
    for (const field of module.fields) {
      if (!(field.name in element) || field.type.name === "autogenerated") continue;
      fields[field.name] = toStored(module.name, field, element[field.name]);
    }
    if (module.name === "Events") Object.assign(fields, toEventDuration(fields));
  }

  #checkUnique(user: FakeUser, { id, module, fields }: FakeRecord): void {
    for (const rule of this.unique) {
      const [inModule, field = ""] = rule.split(".");
      const value = fields[field] ?? "";
      if (inModule !== module || value === "") continue;
      const same = { column: field, operator: "=", values: [value] };
      if (this.#rowsOf(module).some((other) => other.id !== id && meets(other.fields[field] ?? "", same))) {
        throw new WsError(0, DUPLICATE[user.language]);
      }
    }
  }

  #toRow(module: FakeModule, record: FakeRecord, columns: readonly string[]): Record<string, string | null> {
    return Object.fromEntries(columns.map((column) => [column, this.#show(module, record, column, null)]));
  }

  #toResult(module: FakeModule, record: FakeRecord): Record<string, string | null> {
    const names = module.fields
      .map(({ name }) => name)
      .filter((name) => name !== "id" && !SECRET_FIELDS.includes(name));
    const shown = Object.fromEntries(names.map((name) => [name, this.#show(module, record, name, "")]));
    if (module.name === "Users") return { ...shown, id: record.id };
    const label = module.labelFields
      .split(",")
      .map((field) => record.fields[field] ?? "")
      .join(" ")
      .trim();
    return { ...shown, id: record.id, label };
  }

  #show(module: FakeModule, record: FakeRecord, column: string, empty: string | null): string | null {
    if (column === "id") return record.id;
    const text = record.fields[column] ?? "";
    const field = module.fields.find(({ name }) => name === column);
    // an owner who does not exist has lost the part of the id that says what it is
    if (field?.type.name === "owner" && !this.users.has(text) && !GROUPS.has(text)) return text.replace(/^\d+x/, "");
    if (field?.type.name !== "reference") return toShown(text);
    const gone = text !== "" && !text.startsWith("19x") && !this.#exists(text);
    return gone ? null : text === "" ? empty : text;
  }

  #exists(id: string): boolean {
    const record = this.records.get(id);
    return record !== undefined && !record.deleted;
  }
}

function sortRows(rows: FakeRecord[], { orderBy }: Statement): void {
  const value = (row: FakeRecord, column: string): string =>
    column === "id" ? (row.id.split("x")[1] ?? "").padStart(12, "0") : (row.fields[column] ?? "").toLowerCase();
  rows.sort((a, b) => {
    for (const { column, descending } of orderBy) {
      const order = value(a, column).localeCompare(value(b, column));
      if (order !== 0) return descending ? -order : order;
    }
    return 0;
  });
}

const missing = (field: string): WsError => new WsError("MANDATORY_FIELDS_MISSING", `${field} does not have a value`);
const unreadable = (): WsError => new WsError("ACCESS_DENIED", "Permission to read given object is denied");
const toStamp = (now: Date): string => now.toISOString().slice(0, 19).replace("T", " ");

export function isBefore(version: string, major: number, minor: number): boolean {
  const [a = 0, b = 0] = version.split(".").map(Number);
  return a < major || (a === major && b < minor);
}
