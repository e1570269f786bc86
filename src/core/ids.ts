import type { Brand } from "./brand.ts";

/** A tenant's internal id: a small positive integer, never shown to other tenants. */
export type TenantId = Brand<number, "TenantId">;

/** Ids of rows are `bigint` in PostgreSQL and decimal text everywhere else, so that none is ever rounded. */
export type RowId = Brand<string, "RowId">;

/** Takes a tenant id that comes from our own database or token. Throws `RangeError` on anything but 1 … 2^31-1. */
export function toTenantId(value: number): TenantId {
  if (!Number.isInteger(value) || value < 1 || value > 2_147_483_647) throw new RangeError(`not a tenant id: ${value}`);
  return value as TenantId;
}

/** `undefined` unless the text is a positive decimal bigint. */
export function parseRowId(text: string): RowId | undefined {
  return /^[1-9]\d{0,18}$/.test(text) && BigInt(text) <= 9_223_372_036_854_775_807n ? (text as RowId) : undefined;
}
