import type pg from "pg";

/**
 * Asks a client one question at a time, in the order of asking: a connection answers in turn, and `pg` 9 will not queue for
 * us. A question that fails is its asker's matter; the next is asked all the same.
 */
export function createInTurn(
  client: Pick<pg.Client, "query">,
): <R extends pg.QueryResultRow>(text: string, values?: unknown[]) => Promise<pg.QueryResult<R>> {
  let last: Promise<unknown> = Promise.resolve();
  return <R extends pg.QueryResultRow>(text: string, values?: unknown[]) => {
    const answer = last.then(() => client.query<R>(text, values));
    last = answer.catch(() => undefined); // whoever asked is told
    return answer;
  };
}
