import type { AmiMessage } from "./message.ts";

/**
 * What a PBX told us, in one order. A `snapshot` is the whole truth about its live channels at that point of the stream:
 * what came before and is not in it has ended. `lost`: from here on we hear nothing until the next snapshot.
 */
export type AmiItem =
  | { kind: "event"; at: Date; message: AmiMessage }
  | { kind: "snapshot"; at: Date; channels: readonly AmiMessage[]; after: "connect" | "gap" }
  | { kind: "lost"; at: Date };

export interface AmiStreamOptions {
  /** Items that may wait for a slow consumer. */
  itemsMax: number;
  /** Takes up to `BATCH_MAX` items in order. The next batch waits for it. If it throws, these items are lost (`onGap`). */
  deliver(items: readonly AmiItem[]): void | Promise<void>;
  /** Items were dropped and the stream has drained: a snapshot is needed. */
  onGap(droppedItems: number, cause: unknown): void;
}

export interface AmiStream {
  push(item: AmiItem): void;
  waiting(): number;
  dropped(): number;
  /** Resolves when everything pushed so far was delivered or dropped. */
  idle(): Promise<void>;
}

const BATCH_MAX = 500;

/**
 * The bounded buffer between the socket, which must be drained (Asterisk closes slow readers), and a consumer that may
 * wait for a database. When it is full further events are counted and dropped until it has drained, then `onGap` asks for
 * a snapshot: nothing is ever lost silently.
 */
export function createAmiStream({ itemsMax, deliver, onGap }: AmiStreamOptions): AmiStream {
  const queue: AmiItem[] = [];
  let pumping: Promise<void> | undefined;
  let droppedTotal = 0;
  let gap = 0;
  let gapCause: unknown;

  function drop(count: number, cause?: unknown): void {
    droppedTotal += count;
    gap += count;
    gapCause ??= cause;
  }

  async function pump(): Promise<void> {
    await Promise.resolve(); // what one chunk of bytes held travels together
    while (queue.length > 0) {
      const batch = queue.splice(0, BATCH_MAX);
      try {
        await deliver(batch);
      } catch (error) {
        drop(batch.length, error);
      }
    }
    pumping = undefined;
    reportGap();
  }

  function reportGap(): void {
    if (gap === 0) return;
    const [count, cause] = [gap, gapCause];
    gap = 0;
    gapCause = undefined;
    onGap(count, cause);
  }

  return {
    push: (item) => {
      if (queue.length >= itemsMax || (gap > 0 && item.kind === "event")) return drop(1);
      queue.push(item);
      pumping ??= pump();
    },
    waiting: () => queue.length,
    dropped: () => droppedTotal,
    idle: async () => {
      while (pumping) await pumping;
    },
  };
}
