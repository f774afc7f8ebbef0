/** JSON from outside, read as what it should be; what it is not comes out empty. */
import type { JsonMap } from "../rpc/schema.ts";

/** A multi-line string of nbformat, or anything as text. */
export const text = (value: unknown): string =>
  Array.isArray(value) ? value.join("") : value === undefined || value === null ? "" : String(value);

export const map = (value: unknown): JsonMap =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonMap) : {};
