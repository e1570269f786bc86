// Who may do what, on every operation of the API document: roles, scopes, tenants. New operations are in it by themselves.
import assert from "node:assert/strict";
import { test } from "node:test";
import { toWav } from "../../src/dialer/audios/wav.ts";
import { ROLES, type Role, SCOPES } from "../../src/http/access.ts";
import type { ApiClient, Json } from "../api-client.ts";
import { ADMIN_PASSWORD } from "../environment.ts";
import { DOCUMENTED_CALL, startTestEnlace } from "../harness.ts";

/** Open to the world, each for a reason of its own. A route that joins them is to be thought about twice. */
const PUBLIC = [
  "GET /a/{token}",
  "GET /api/makecallexternal",
  "GET /health",
  "GET /metrics",
  "GET /r/{token}",
  "GET /ready",
  "POST /api/callevent/getcustomerdata",
  "POST /api/events",
  "POST /api/smart-redirect",
  "POST /api/v1/login",
  "POST /api/v1/logout",
  "POST /api/v1/refresh",
  "POST /bridge",
  "POST /bridge_create",
  "POST /bridge_destroy",
  "POST /bridge_leave",
  "POST /dial",
  "POST /hangup",
  "POST /new_callerid",
  "POST /start",
  "POST /webhook/call",
];
/** What people without an administering role may do: change themselves, call from their own phone, steer their own calls. */
const OWN = [
  "DELETE /api/v1/sessions/{id}",
  "POST /api/v1/calls/originate",
  ...["dtmf", "hangup", "park", "recording", "transfer", "transfer/cancel"].map(
    (order) => `POST /api/v1/calls/{id}/${order}`,
  ),
  "POST /api/v1/me/password",
];
const OUTRANKS: Record<Role, readonly Role[]> = {
  admin: ["admin", "supervisor", "agent", "viewer"],
  supervisor: ["supervisor", "agent", "viewer"],
  agent: ["agent"],
  viewer: ["viewer"],
};
const NOBODYS_ID = "999999999";

interface Operation {
  name: string;
  method: string;
  path: string;
  access: { public?: true; roles: Role[]; scope: string | null; operator_only: boolean };
}

const enlace = await startTestEnlace({ env: { ENLACE_API_RATE: "1000000" } });
const operations = await loadOperations();
const guarded = operations.filter(({ access }) => !access.public);

async function loadOperations(): Promise<Operation[]> {
  const { paths } = (await enlace.as({}).get("/openapi.json")).body;
  return Object.entries(paths as Json).flatMap(([path, methods]) =>
    Object.entries(methods as Json).map(([verb, operation]) => {
      const method = verb.toUpperCase();
      return { name: `${method} ${path}`, method, path, access: (operation as Json)["x-enlace-access"] };
    }),
  );
}

/** Asks an operation about one thing; a body that is sent is empty, so that who may gets at most a refusal of its fields. */
function ask(client: ApiClient, { method, path }: Operation, id = NOBODYS_ID) {
  return client.send(
    method,
    path.replaceAll(/\{\w+\}/g, id),
    ["POST", "PUT", "PATCH"].includes(method) ? {} : undefined,
  );
}

async function createUser(by: ApiClient, username: string, role: Role): Promise<ApiClient> {
  const made = await by.post("/api/v1/users", { username, role, password: ADMIN_PASSWORD });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return enlace.logIn(username, ADMIN_PASSWORD);
}

async function createTenant(number: string): Promise<ApiClient> {
  const admin = { username: `admin-${number}`, password: ADMIN_PASSWORD };
  const fields = { number, name: `Tenant ${number}`, time_zone: "America/Lima", country: "PE", language: "es", admin };
  const made = await enlace.api.post("/api/v1/tenants", fields);
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return enlace.logIn(admin.username, ADMIN_PASSWORD);
}

test("every operation says who may, and only these are open to the world", () => {
  assert.ok(guarded.length >= 30, `${guarded.length} operations`);
  assert.deepEqual(
    operations.filter(({ access }) => access === undefined),
    [],
  );
  assert.deepEqual(
    operations
      .filter(({ access }) => access.public)
      .map(({ name }) => name)
      .sort(),
    PUBLIC,
  );
});

test("without a credential, or with a made-up one, every guarded operation answers 401", async () => {
  const strangers = [
    {},
    { "x-api-key": `enl_${"A".repeat(43)}` },
    { authorization: "Bearer a.b.c" },
    { authorization: "Basic YTpi" },
  ];
  for (const operation of guarded) {
    for (const headers of strangers) {
      const { status, body } = await ask(enlace.as(headers), operation);
      assert.equal(status, 401, operation.name);
      assert.equal(body.code, "unauthenticated");
    }
  }
});

test("each role gets in exactly where the operation names it or one below it", async () => {
  const tenant = await createTenant("roles");
  for (const role of ROLES) {
    const client = await createUser(tenant, `is-${role}`, role);
    for (const operation of guarded) {
      const { roles, operator_only } = operation.access;
      const isAllowed = !operator_only && OUTRANKS[role].some((held) => roles.includes(held));
      const { status } = await ask(client, operation);
      if (isAllowed) assert.ok(![401, 403].includes(status), `${role}: ${operation.name} answered ${status}`);
      else assert.equal(status, 403, `${role}: ${operation.name}`);
    }
  }
});

test("agents and viewers change nothing but themselves, and may place calls", () => {
  const changing = guarded.filter(({ method }) => method !== "GET");
  const open = changing.filter(({ access }) => access.roles.includes("agent") || access.roles.includes("viewer"));
  assert.deepEqual(open.map(({ name }) => name).sort(), OWN.toSorted());
});

test("a key gets in exactly where its scope is asked for", async () => {
  const tenant = await createTenant("keys");
  for (const scope of SCOPES) {
    const made = await tenant.post("/api/v1/api-keys", { name: scope, scopes: [scope] });
    const client = enlace.as({ "x-api-key": made.body.key });
    for (const operation of guarded) {
      const { access, name } = operation;
      const isAllowed = !access.operator_only && (access.scope === "any" || access.scope === scope);
      const { status } = await ask(client, operation);
      if (isAllowed) assert.ok(![401, 403].includes(status), `${scope}: ${name} answered ${status}`);
      else assert.equal(status, 403, `${scope}: ${name}`);
    }
  }
});

test("what reads takes a scope that reads, what changes one that writes", () => {
  for (const { name, method, access } of guarded) {
    if (access.scope === null || access.scope === "any") continue;
    assert.match(access.scope, method === "GET" ? /:read$/ : /:write$/, name);
  }
});

/** What some operations must be told before they look for the thing; elsewhere an empty body will do. */
const BODIES: Readonly<Record<string, Json>> = {
  "PATCH /api/v1/campaigns/{id}": { name: "taken" },
  "POST /api/v1/campaigns/{id}/contacts": { number: "+34600000004" },
  "POST /api/v1/campaigns/{id}/recycle": { name: "taken", dispositions: ["busy"] },
  "POST /api/v1/projects/{id}/caller-ids": { number: "+34900000001" },
  "POST /api/v1/dialer/policies/{id}/acknowledge": { version: 1, name: "Ana Reviewer", reviewed: true },
};
const QUERIES: Readonly<Record<string, string>> = { "DELETE /api/v1/suppressions/{id}": "?reason=taken" };

function askWhole(client: ApiClient, operation: Operation, id: string) {
  const { name, method, path } = operation;
  const address = path.replaceAll(/\{\w+\}/g, id) + (QUERIES[name] ?? "");
  return client.send(method, address, ["POST", "PATCH"].includes(method) ? (BODIES[name] ?? {}) : undefined);
}

/** The id of nobody's thing of this kind. */
const toNobodysId = (id: string): string => (/^d[0-9a-f]{24}$/.test(id) ? `d${"0".repeat(24)}` : NOBODYS_ID);

/** One thing of every kind of the dialer, by the collection it is in. */
async function createDialerThings(): Promise<Record<string, string>> {
  const { api } = enlace;
  const make = async (path: string, body: Json): Promise<string> => {
    const made = await api.post(path, body);
    assert.ok([201, 202].includes(made.status), `${path}: ${JSON.stringify(made.body)}`);
    return made.body.id ?? made.body.attempt_id ?? made.body.suppression?.id;
  };
  const [{ id: pbx_id }] = (await api.get("/api/v1/pbxs")).body.items;
  const trunks = await make("/api/v1/trunks", { name: "kept", pbx_id });
  const projects = await make("/api/v1/projects", { name: "kept", trunks: [{ trunk_id: trunks }] });
  const campaigns = await make("/api/v1/campaigns", { name: "kept", project_id: projects });
  const attempts = await make("/api/v1/dial", { project_id: projects, number: "+34600000001" });
  const suppressions = await make("/api/v1/suppressions", { number: "+34600000002" });
  const dialer = await make("/api/v1/dialer/policies", { name: "kept", template: "zz-service" });
  const files = { imports: await upload(`campaigns/${campaigns}/import`, "kept.csv", "+34600000003\n") };
  const audios = await upload("audios", "kept.wav", new Uint8Array(toWav(Buffer.alloc(16_000))));
  return { trunks, projects, campaigns, attempts, suppressions, dialer, audios, ...files };
}

async function upload(path: string, name: string, content: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const { key } = (await enlace.api.post("/api/v1/api-keys", { name: "uploads", scopes: ["dialer:write"] })).body;
  const form = new FormData();
  form.set("file", new Blob([content]), name);
  const headers = { "x-api-key": key };
  const answer = await fetch(`${enlace.url}/api/v1/${path}`, { method: "POST", headers, body: form });
  const made = (await answer.json()) as Json;
  assert.ok(answer.ok, JSON.stringify(made));
  return made.id;
}

/** One thing of every kind in the default tenant, by the collection it is in. */
async function createThings(): Promise<Record<string, string>> {
  const { api } = enlace;
  const posted = await enlace.postCall(DOCUMENTED_CALL, { headers: { prefer: "wait=30" } });
  assert.equal(posted.body.status, "ok", JSON.stringify(posted.body));
  await api.post("/api/v1/api-keys", { name: "kept", scopes: ["calls:read"] });
  await api.put("/api/v1/extensions/101", {});
  const pbx = { name: "kept", host: "192.0.2.1", username: "enlace", secret: "never shown", enabled: false };
  assert.equal((await api.post("/api/v1/pbxs", pbx)).status, 201);
  const things: Record<string, string> = { tenants: "1", extensions: "101", ...(await createDialerThings()) };
  const kinds = ["users", "api-keys", "sessions", "connections", "calls", "deliveries", "pbxs"];
  for (const kind of kinds) {
    const { body } = await api.get(`/api/v1/${kind}`);
    things[kind] = body.items[0].id;
  }
  return things;
}

/** Of a sound; another one each time. */
const isLink = (value: unknown): boolean => typeof value === "string" && /^https?:\/\/[^/]+\/a\//.test(value);

/** Everything the default tenant can list, without what changes by looking. */
async function listEverything(client: ApiClient): Promise<Record<string, Json>> {
  const lists = guarded.filter(
    ({ method, path, access }) => method === "GET" && !path.includes("{") && !access.operator_only,
  );
  const found: Record<string, Json> = {};
  for (const { path } of lists) found[path] = (await client.get(path)).body;
  return JSON.parse(
    JSON.stringify(found, (name, value) =>
      /^(used_at|last_\w+_at|expires_at|updated_at|request_id)$/.test(name) || isLink(value) ? undefined : value,
    ),
  );
}

test("a tenant's things answer to others exactly like things that do not exist, and stay as they were", async () => {
  const things = await createThings();
  const stranger = await createTenant("strange");
  const before = await listEverything(enlace.api);
  const aimed = guarded.filter(({ path, access }) => path.includes("{") && !access.operator_only);
  assert.ok(aimed.length >= 12, `${aimed.length} operations name a thing`);
  for (const operation of aimed) {
    if (operation.method === "PUT") continue; // makes the stranger's own
    const id = things[operation.path.split("/")[3] ?? ""];
    assert.ok(id, `${operation.name}: this test makes no such thing yet`);
    const theirs = await askWhole(stranger, operation, id);
    const nobodys = await askWhole(stranger, operation, toNobodysId(id));
    assert.equal(nobodys.status, 404, operation.name);
    assert.equal(theirs.body.detail, nobodys.body.detail, operation.name);
    assert.equal(theirs.status, 404, operation.name);
  }
  assert.deepEqual(await listEverything(enlace.api), before);
});

test("no list shows a tenant what is another's", async () => {
  const theirs = JSON.stringify(await listEverything(await createTenant("nosy")));
  for (const trace of [DOCUMENTED_CALL.call_uuid, "+34123456789", '"username":"admin"', "apiuser", '"name":"kept"'])
    assert.ok(!theirs.includes(trace), trace);
});
