import { useLayoutEffect, useRef } from "react";
import { toClock } from "../../ui/instants.ts";

const TICK_MS = 1_000;

/** Every clock on the screen, and since when it runs: one timer moves them all, past React, by their text alone. */
const clocks = new Map<Text, number>();
let timer: ReturnType<typeof setInterval> | undefined;

function tick(): void {
  const nowMs = Date.now();
  for (const [text, sinceMs] of clocks) {
    const clock = toClock((nowMs - sinceMs) / 1000);
    if (text.data !== clock) text.data = clock;
  }
}

function run(text: Text, sinceMs: number): () => void {
  clocks.set(text, sinceMs);
  timer ??= setInterval(tick, TICK_MS);
  return () => {
    clocks.delete(text);
    if (clocks.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** For how long: `1:15`, and it goes on by itself. */
export function Since({ at }: { at: string }) {
  const place = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    const { current } = place;
    if (!current) return;
    const sinceMs = Date.parse(at);
    const text = document.createTextNode(toClock((Date.now() - sinceMs) / 1000));
    current.replaceChildren(text);
    return run(text, sinceMs);
  }, [at]);
  return <span ref={place} className="number since" />;
}
