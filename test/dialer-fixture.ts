// A tenant that can dial: trunks, a project, campaigns; over HTTP, as its people would make them.
import assert from "node:assert/strict";
import type { ApiClient, Json } from "./api-client.ts";
import { ADMIN_PASSWORD } from "./environment.ts";
import { eventually } from "./eventually.ts";

export interface DialerFixture {
  pbxId: string;
  createTrunk(name: string, fields?: object): Promise<string>;
  createProject(name: string, fields?: object): Promise<Json>;
  /** Makes it, gives it these numbers, opens it all week and starts it. */
  startCampaign(projectId: string, numbers: readonly string[]): Promise<string>;
  dial(projectId: string, number: string, more?: object): Promise<Json>;
  attempts(query?: string): Promise<Json[]>;
  attempt(id: string): Promise<Json>;
  /** Resolves once the attempt has ended. */
  ended(id: string): Promise<Json>;
}

export async function createDialerFixture({ api, url }: { api: ApiClient; url: string }): Promise<DialerFixture> {
  const policyId = await acknowledgePolicy(api);
  const pbxId = await eventually(async () => {
    const { items } = (await api.get("/api/v1/pbxs")).body;
    assert.equal(items[0]?.status.state, "ready");
    return items[0].id as string;
  });
  const made = async (path: string, body: object, status = 201): Promise<Json> => {
    const answer = await api.post(path, body);
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    return answer.body;
  };
  const attempt = async (id: string): Promise<Json> => (await api.get(`/api/v1/attempts/${id}`)).body;

  return {
    pbxId,
    attempt,
    createTrunk: async (name, fields = {}) =>
      (await made("/api/v1/trunks", { pbx_id: pbxId, name, channels_max: 50, ...fields })).id,
    createProject: (name, fields = {}) =>
      made("/api/v1/projects", {
        ...{ name, caller_id: "+34910000000", time_zone: "Europe/Madrid", policy_id: policyId },
        ...fields,
      }),
    startCampaign: async (projectId, numbers) => {
      const { id } = await made("/api/v1/campaigns", { project_id: projectId, name: `for ${projectId}` });
      const windows = Array.from({ length: 7 }, (_, weekday) => ({ weekday, starts: "00:00", ends: "24:00" }));
      const schedule = await api.put(`/api/v1/campaigns/${id}/schedule`, { windows });
      assert.equal(schedule.status, 200, JSON.stringify(schedule.body));
      await importNumbers(url, id, numbers);
      const started = await api.post(`/api/v1/campaigns/${id}/start`);
      assert.equal(started.status, 200, JSON.stringify(started.body));
      return id;
    },
    dial: async (projectId, number, more = {}) => {
      const { status, body } = await api.post("/api/v1/dial", { project_id: projectId, number, ...more });
      assert.equal(status, 202, JSON.stringify(body));
      return body;
    },
    attempts: async (query = "") => (await api.get(`/api/v1/attempts?limit=200&${query}`)).body.items,
    ended: (id) =>
      eventually(async () => {
        const found = await attempt(id);
        assert.equal(found.state, "ended", JSON.stringify(found));
        return found;
      }),
  };
}

async function acknowledgePolicy(api: ApiClient): Promise<string> {
  const { body: policy } = await api.post("/api/v1/dialer/policies", { name: "Rehearsal", template: "zz-service" });
  const person = { version: policy.version, name: "Ana Test", reviewed: true };
  const { status, body } = await api.post(`/api/v1/dialer/policies/${policy.id}/acknowledge`, person);
  assert.equal(status, 200, JSON.stringify(body));
  return policy.id;
}

/** As a browser does. */
async function importNumbers(url: string, campaignId: string, numbers: readonly string[]): Promise<void> {
  const form = new FormData();
  form.set("file", new Blob([["telefono", ...numbers].join("\n")]), "list.csv");
  const credentials = { username: "admin", password: ADMIN_PASSWORD };
  const login = await fetch(`${url}/api/v1/login`, {
    ...{ method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(credentials) },
  });
  const { token } = (await login.json()) as { token: string };
  const answer = await fetch(`${url}/api/v1/campaigns/${campaignId}/import?wait_seconds=20`, {
    ...{ method: "POST", headers: { authorization: `Bearer ${token}` }, body: form },
  });
  const report = (await answer.json()) as { inserted: number };
  assert.equal(report.inserted, numbers.length, JSON.stringify(report));
}
