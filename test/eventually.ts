/**
 * Asks again and again until `check` resolves, and gives its value; after `timeoutMs` it rejects with what `check` said last.
 * The one place where tests wait: for a condition, never for a time.
 */
export async function eventually<T>(check: () => T | Promise<T>, { timeoutMs = 60_000 } = {}): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
