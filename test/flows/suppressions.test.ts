// Who is not to be called: one number, a list, by project; seen, taken away, and asked about.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ADMIN_PASSWORD } from "../environment.ts";
import { startTestEnlace } from "../harness.ts";

const { api, url, logIn, rows } = await startTestEnlace({ env: { ENLACE_COUNTRY: "ES", ENLACE_ROLES: "api" } });
const base = "/api/v1/suppressions";
const newProject = async (name: string): Promise<string> => {
  const made = await api.post("/api/v1/projects", { name });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return made.body.id;
};
const [winter, summer] = [await newProject("Winter"), await newProject("Summer")];
const supervisor = await (async () => {
  const made = await api.post("/api/v1/users", { username: "eva", role: "supervisor", password: ADMIN_PASSWORD });
  assert.equal((await api.put(`/api/v1/projects/${winter}/users`, { user_ids: [made.body.id] })).status, 200);
  return logIn("eva", ADMIN_PASSWORD);
})();
const numbersOf = (body: { items: { number: string }[] }) => body.items.map(({ number }) => number);

async function upload(content: string, query = "") {
  const { token } = (await (
    await fetch(`${url}/api/v1/login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ username: "admin", password: ADMIN_PASSWORD }),
    })
  ).json()) as { token: string };
  const form = new FormData();
  form.set("file", new Blob([content]), "list.csv");
  const response = await fetch(`${url}${base}/import${query}`, {
    method: "POST",
    body: form,
    headers: { authorization: `Bearer ${token}` },
  });
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever fields it asserts
  return { status: response.status, body: (await response.json()) as any };
}

test("a number is put on the list once, in whatever form, and it is written down who did it", async () => {
  const added = await api.post(base, { number: "600 000 001", reason: "asked by letter", source: "opt_out" });
  assert.deepEqual(
    [added.status, added.body.suppression.number, added.body.suppression.source],
    [201, "+34600000001", "opt_out"],
  );
  const again = await api.post(base, { number: "0034600000001" });
  assert.deepEqual([again.status, again.body], [200, { is_new: false, suppression: null }]);
  assert.equal((await api.post(base, { number: "nobody" })).status, 422);
  const audit = await rows("select action, detail from audit_log where action like 'suppression%'");
  assert.deepEqual(
    audit.map(({ action, detail }) => [action, detail.number]),
    [["suppression.add", "+34600000001"]],
  );
});

test("a scope names its project or campaign, and one that is there", async () => {
  assert.equal((await api.post(base, { number: "600000002", scope: "project" })).status, 422);
  assert.equal((await api.post(base, { number: "600000002", scope: "global", project_id: winter })).status, 422);
  assert.equal((await api.post(base, { number: "600000002", scope: "project", project_id: "999999" })).status, 404);
  assert.equal((await api.post(base, { number: "600000002", scope: "campaign", campaign_id: "999999" })).status, 404);
  assert.equal((await api.post(base, { number: "600000002", scope: "project", project_id: winter })).status, 201);
});

test("asked about, a number meets the tenant's entries and its own project's, not another's", async () => {
  const ask = async (fields: object) => {
    const { body } = await api.post(`${base}/check`, { numbers: ["600000001", "600000002", "x"], ...fields });
    return body.results.map((result: { suppression: { scope: string } | null }) => result.suppression?.scope ?? null);
  };
  assert.deepEqual(await ask({}), ["global", null, null]);
  assert.deepEqual(await ask({ project_id: winter }), ["global", "project", null]);
  assert.deepEqual(await ask({ project_id: summer }), ["global", null, null]);
});

test("a list is taken in with a report, and once more with no effect", async () => {
  const csv = "telefono;razon\n600000010;a\n600000011;b\n600000010;c\nabc;d\n";
  const first = await upload(csv, `?scope=project&project_id=${summer}&reason=bought+list`);
  assert.equal(first.status, 200, JSON.stringify(first.body));
  assert.deepEqual(first.body, {
    lines: 4,
    inserted: 2,
    duplicates: 1,
    invalid: 1,
    invalid_lines: [{ line: 5, value: "abc" }],
  });
  const second = await upload(csv, `?scope=project&project_id=${summer}`);
  assert.deepEqual([second.body.inserted, second.body.duplicates], [0, 3]);
  const [entry] = await rows("select detail, target from audit_log where action = 'suppression.import' order by id");
  assert.deepEqual(entry, { detail: { lines: 4, inserted: 2 }, target: `project:${summer}` });
});

test("the list is read in pages, newest first, and searched by the beginning of a number, by scope and by source", async () => {
  const { body } = await api.get(`${base}?limit=3`);
  assert.equal(body.items.length, 3);
  const rest = await api.get(`${base}?limit=3&cursor=${body.next_cursor}`);
  assert.deepEqual([...numbersOf(body), ...numbersOf(rest.body)].toSorted(), [
    "+34600000001",
    "+34600000002",
    "+34600000010",
    "+34600000011",
  ]);
  assert.equal(rest.body.next_cursor, null);
  assert.deepEqual(numbersOf((await api.get(`${base}?number=3460000001`)).body), ["+34600000011", "+34600000010"]);
  assert.deepEqual(numbersOf((await api.get(`${base}?source=import&project_id=${winter}`)).body), []);
  assert.deepEqual(numbersOf((await api.get(`${base}?scope=global`)).body), ["+34600000001"]);
});

test("a supervisor sees and adds for the tenant and the projects that are theirs, and takes nothing away", async () => {
  assert.deepEqual(numbersOf((await supervisor.get(base)).body).toSorted(), ["+34600000001", "+34600000002"]);
  assert.equal(
    (await supervisor.post(base, { number: "600000003", scope: "project", project_id: summer })).status,
    404,
  );
  const own = await supervisor.post(base, { number: "600000003", scope: "project", project_id: winter });
  assert.deepEqual([own.status, own.body.suppression.source], [201, "console"]);
  assert.equal((await supervisor.delete(`${base}/${own.body.suppression.id}?reason=mistake`)).status, 403);
});

test("an entry goes only with a reason, which is kept", async () => {
  const { body } = await api.get(`${base}?number=34600000003`);
  const { id } = body.items[0];
  assert.equal((await api.delete(`${base}/${id}`)).status, 422);
  assert.equal((await api.delete(`${base}/${id}?reason=wrong+person`)).status, 204);
  assert.equal((await api.delete(`${base}/${id}?reason=wrong+person`)).status, 404);
  const [entry] = await rows("select detail from audit_log where action = 'suppression.remove'");
  assert.deepEqual([entry?.detail.number, entry?.detail.reason], ["+34600000003", "wrong person"]);
});

test("a list is for the tenant, a project or a campaign, and holds there and nowhere else", async () => {
  const campaign = (await api.post("/api/v1/campaigns", { project_id: summer, name: "June" })).body.id;
  assert.equal((await upload("600000020\n")).body.inserted, 1);
  assert.equal((await upload("600000021\n", `?scope=project&project_id=${summer}`)).body.inserted, 1);
  assert.equal((await upload("600000022\n", `?scope=campaign&campaign_id=${campaign}`)).body.inserted, 1);
  const added = { number: "600000023", scope: "campaign", campaign_id: campaign };
  assert.equal((await api.post(base, added)).status, 201);
  const numbers = ["600000020", "600000021", "600000022", "600000023"];
  const ask = async (fields: object): Promise<boolean[]> => {
    const { status, body } = await api.post(`${base}/check`, { numbers, ...fields });
    assert.equal(status, 200, JSON.stringify(body));
    return body.results.map(({ suppression }: { suppression: object | null }) => suppression !== null);
  };
  assert.deepEqual(await ask({ project_id: summer, campaign_id: campaign }), [true, true, true, true]);
  assert.deepEqual(await ask({ project_id: summer }), [true, true, false, false]);
  assert.deepEqual(await ask({ project_id: winter }), [true, false, false, false]);
  for (const query of ["?scope=project", `?scope=campaign&campaign_id=999999`, "?scope=nobody"])
    assert.match(String((await upload("600000024\n", query)).status), /^(404|422)$/, query);
});

test("the API document tells of the list's file", async () => {
  const document = (await api.get("/openapi.json")).body;
  const { content } = document.paths["/api/v1/suppressions/import"].post.requestBody;
  assert.equal(content["multipart/form-data"].schema.properties.file.format, "binary");
});
