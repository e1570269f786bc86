import assert from "node:assert/strict";
import { test } from "node:test";
import { createBatcher } from "./batcher.ts";

interface Gate {
  opened: Promise<void>;
  open(): void;
}
function createGate(): Gate {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
const options = { itemsMax: 100, concurrency: 1, waitingMax: 1000, onFull: () => new Error("full") };

test("items that arrive while a flush is under way travel together in the next one", async () => {
  const sizes: number[] = [];
  const gate = createGate();
  const batcher = createBatcher<number, number>({
    ...options,
    flush: async (items) => {
      sizes.push(items.length);
      if (sizes.length === 1) await gate.opened;
      return items.map((item) => item * 2);
    },
  });
  const first = batcher.add(1);
  await new Promise((resolve) => setImmediate(resolve));
  const rest = [2, 3, 4].map((item) => batcher.add(item));
  gate.open();
  assert.deepEqual(await Promise.all([first, ...rest]), [2, 4, 6, 8]);
  assert.deepEqual(sizes, [1, 3]);
});

test("a crowd that arrives in one turn begins to travel before the turn ends, and nobody is forgotten", async () => {
  const sizes: number[] = [];
  const batcher = createBatcher<number, number>({
    ...options,
    startAt: 3,
    flush: async (items) => {
      sizes.push(items.length);
      return items;
    },
  });
  const all = [1, 2, 3, 4, 5].map((item) => batcher.add(item));
  assert.deepEqual(sizes, [3], "two wait for the free flush");
  assert.deepEqual(await Promise.all(all), [1, 2, 3, 4, 5]);
  assert.deepEqual(sizes, [3, 2]);
});

test("no more than `concurrency` flushes run at once and no batch is larger than `itemsMax`", async () => {
  let running = 0;
  let most = 0;
  const sizes: number[] = [];
  const batcher = createBatcher<number, number>({
    ...options,
    itemsMax: 3,
    concurrency: 2,
    flush: async (items) => {
      most = Math.max(most, ++running);
      sizes.push(items.length);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return items;
    },
  });
  await Promise.all(Array.from({ length: 20 }, (_, item) => batcher.add(item)));
  assert.equal(most, 2);
  assert.ok(sizes.every((size) => size <= 3));
});

test("a flush that throws rejects its own items and no others", async () => {
  const batcher = createBatcher<number, number>({
    ...options,
    itemsMax: 1,
    flush: async ([item]) => {
      if (item === 2) throw new Error("no");
      return [item as number];
    },
  });
  const results = await Promise.allSettled([1, 2, 3].map((item) => batcher.add(item)));
  assert.deepEqual(
    results.map((result) => result.status),
    ["fulfilled", "rejected", "fulfilled"],
  );
});

test("an item beyond the bound is refused at once with the caller's error", async () => {
  const gate = createGate();
  const batcher = createBatcher<number, number>({
    ...options,
    waitingMax: 1,
    flush: async (items) => {
      await gate.opened;
      return items;
    },
  });
  const first = batcher.add(1);
  await assert.rejects(batcher.add(2), /full/);
  gate.open();
  await first;
});

test("idle waits for everything that was added", async () => {
  let done = 0;
  const batcher = createBatcher<number, number>({
    ...options,
    itemsMax: 1,
    flush: async (items) => {
      await new Promise((resolve) => setImmediate(resolve));
      done += items.length;
      return items;
    },
  });
  const all = [1, 2, 3].map((item) => batcher.add(item));
  await batcher.idle();
  assert.equal(done, 3);
  await Promise.all(all);
});
