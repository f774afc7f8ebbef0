/** Large values of outputs: events only refer to them, in the metadata. The page fetches them from their address (large_values.ts). */
import type { Json, JsonMap } from "../rpc/schema.ts";

export interface Large {
  readonly type: string;
  readonly sha256: string;
  /** Bytes of its text; a picture is base64 there. */
  readonly size: number;
  /** Whether it is the JSON of a value that is no string. */
  readonly json: boolean;
}

const isMap = (value: Json | undefined): value is JsonMap => typeof value === "object" && value !== null && !Array.isArray(value);

/** The large values that metadata refer to, by their types. */
export function largeOf(metadata: JsonMap): Large[] {
  const ours = metadata.webipy;
  const blobs = isMap(ours) ? ours.blobs : undefined;
  if (!isMap(blobs)) return [];
  const found: Large[] = [];
  for (const [type, ref] of Object.entries(blobs))
    if (isMap(ref) && typeof ref.sha256 === "string" && /^[0-9a-f]{64}$/.test(ref.sha256) && typeof ref.size === "number")
      found.push({ type, sha256: ref.sha256, size: ref.size, json: ref.json === true });
  return found.sort((a, b) => (a.type < b.type ? -1 : 1));
}
