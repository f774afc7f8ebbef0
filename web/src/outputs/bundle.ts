/** A MIME bundle that is shown. */
import type { JsonMap } from "../rpc/schema.ts";

export interface Bundle {
  readonly data: JsonMap;
  readonly metadata: JsonMap;
  readonly revision: number;
  readonly label: string;
  /** Whether it came from a run of this session, and not with the document. */
  readonly ran?: boolean;
}
