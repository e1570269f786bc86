/**
 * Whether the store could not be asked, as opposed to having said no: no connection, a connection that broke, a server that
 * is starting or stopping, too many clients, a statement or a wait for a free connection that took too long, or two
 * transactions in each other's way. The same request may succeed in a moment. Codes: PostgreSQL's documentation, appendix A.
 */
export function isStoreUnavailable(thrown: unknown): boolean {
  let error = thrown;
  for (let depth = 0; error instanceof Error && depth < CAUSES_MAX; depth++) {
    if (saysUnavailable(error)) return true;
    error = error.cause;
  }
  return false;
}

const CAUSES_MAX = 5;
/** 08 connection · 53 resources · 57P0x shutdown · 57014 time-out · 40001, 40P01 in each other's way · 25P0x idle too long. */
const SQLSTATE = /^(08...|53...|57P0[1-5]|57014|40001|40P01|25P0[2-4])$/;
const SOCKET = /^(ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EPIPE|EHOSTUNREACH|ENETUNREACH|ENOENT)$/;
const SYSCALL = /^(connect|read|write|getaddrinfo)$/;
/** What the driver and its pool say without a code. */
const DRIVER =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end|driver has already been destroyed)/;

function saysUnavailable(error: Error): boolean {
  const { code, syscall } = error as Error & { code?: unknown; syscall?: unknown };
  if (typeof code === "string" && SQLSTATE.test(code)) return true;
  if (typeof code === "string" && SOCKET.test(code) && SYSCALL.test(String(syscall))) return true;
  if (error instanceof AggregateError) return error.errors.some(isStoreUnavailable);
  return DRIVER.test(error.message);
}
