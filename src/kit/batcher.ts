/**
 * Gathers single items into batches for one costly step (a commit). While `concurrency` flushes are under way new items
 * wait and travel together: the busier, the larger the batch, and an idle caller waits for nobody.
 */
export interface BatcherOptions<I, O> {
  /** Gets 1 … `itemsMax` items and returns their results in the same order. If it throws, all of them reject. */
  flush(items: readonly I[]): Promise<readonly O[]>;
  itemsMax: number;
  concurrency: number;
  /** So many waiting items are flushed in the middle of a turn, if a flush is free: the other side works meanwhile. */
  startAt?: number;
  /** Items that may wait; one more is refused with what `onFull` returns. */
  waitingMax: number;
  onFull(): Error;
}

export interface Batcher<I, O> {
  add(item: I): Promise<O>;
  /** Items waiting, not counting those in a flush. */
  waiting(): number;
  /** Resolves when everything added so far is settled. Further items are still taken. */
  idle(): Promise<void>;
}

interface Waiting<I, O> {
  item: I;
  resolve(result: O): void;
  reject(error: unknown): void;
}

export function createBatcher<I, O>(options: BatcherOptions<I, O>): Batcher<I, O> {
  const { startAt = Number.POSITIVE_INFINITY } = options;
  const queue: Waiting<I, O>[] = [];
  const flushing = new Set<Promise<void>>();
  let scheduled = false;

  async function flush(batch: readonly Waiting<I, O>[]): Promise<void> {
    try {
      const results = await options.flush(batch.map((waiting) => waiting.item));
      if (results.length !== batch.length) throw new Error("a flush must return one result per item");
      for (const [index, waiting] of batch.entries()) waiting.resolve(results[index] as O);
    } catch (error) {
      for (const waiting of batch) waiting.reject(error);
    }
  }

  function startFlushes(): void {
    scheduled = false;
    while (queue.length > 0 && flushing.size < options.concurrency) {
      const run = flush(queue.splice(0, options.itemsMax)).finally(() => {
        flushing.delete(run);
        startFlushes();
      });
      flushing.add(run);
    }
  }

  return {
    add: (item) =>
      new Promise<O>((resolve, reject) => {
        if (queue.length >= options.waitingMax) return reject(options.onFull());
        queue.push({ item, resolve, reject });
        if (queue.length >= startAt) startFlushes();
        else if (!scheduled) {
          scheduled = true;
          setImmediate(startFlushes); // what arrives in the same turn of the loop travels together
        }
      }),
    waiting: () => queue.length,
    idle: async () => {
      while (queue.length > 0 || flushing.size > 0) {
        await (flushing.size > 0 ? Promise.all(flushing) : new Promise((resolve) => setImmediate(resolve)));
      }
    },
  };
}
