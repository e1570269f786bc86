// Somebody who listens to the live stream, as a browser does.
import assert from "node:assert/strict";
import { after } from "node:test";
import type { Json } from "./api-client.ts";
import { ADMIN_PASSWORD } from "./environment.ts";
import { eventually } from "./eventually.ts";
import type { TestEnlace } from "./harness.ts";

export interface Heard {
  status: number;
  events: { name: string; id: string | undefined; data: Json }[];
  isOver: boolean;
  leave(): void;
}

export async function logInToken({ as }: TestEnlace, username = "admin"): Promise<string> {
  const { body } = await as({}).post("/api/v1/login", { username, password: ADMIN_PASSWORD });
  return body.token;
}

/** Listens until it leaves or the stream ends. */
export async function listen({ url }: TestEnlace, token: string, headers: Record<string, string> = {}): Promise<Heard> {
  const leaving = new AbortController();
  after(() => leaving.abort());
  const answer = await fetch(`${url}/api/v1/live`, {
    headers: { accept: "text/event-stream", authorization: `Bearer ${token}`, ...headers },
    signal: leaving.signal,
  });
  const heard: Heard = { status: answer.status, events: [], isOver: false, leave: () => leaving.abort() };
  void read(answer, heard).then(
    () => {
      heard.isOver = true;
    },
    () => undefined, // it left
  );
  return heard;
}

async function read(answer: Response, { events }: Heard): Promise<void> {
  let text = "";
  for await (const part of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += part;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      if (block.startsWith(":")) continue; // a comment
      const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s, 2)));
      events.push({ name: fields.event, id: fields.id, data: JSON.parse(fields.data) });
    }
  }
}

export const hear = (heard: Heard, name: string, check: (data: Json) => boolean = () => true) =>
  eventually(() => heard.events.find((event) => event.name === name && check(event.data)) ?? assert.fail(name));

/** What somebody knows of a board who takes in what was told of it, by key. */
export function toBoard({ events }: Heard, board: string): Map<string, Json> {
  const toKey = (item: Json): string => String(Object.values(item)[0]);
  let items = new Map<string, Json>();
  for (const { name, data } of events) {
    if (name === board) items = new Map(data.items.map((item: Json) => [toKey(item), item]));
    if (name !== `${board}.change`) continue;
    for (const gone of data.gone) items.delete(gone);
    for (const item of data.set) items.set(toKey(item), item);
  }
  return items;
}

/** Resolves with the board's item once it is so. */
export const hearItem = (heard: Heard, board: string, { key, check }: { key: string; check(item: Json): boolean }) =>
  eventually(() => {
    const item = toBoard(heard, board).get(key);
    assert.ok(item && check(item), `${board} ${key}: ${JSON.stringify(item)}`);
    return item;
  });
