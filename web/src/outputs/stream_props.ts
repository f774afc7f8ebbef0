/** What shows a stream. */
import type { StreamOutput } from "../model/types.ts";
import type { SessionStore } from "../session/store.ts";

export interface StreamProps {
  readonly store: SessionStore;
  readonly run: string;
  readonly output: StreamOutput;
  readonly label: string;
  /** The run's version: a new one when there may be new text. */
  readonly version: number;
  /** Whether it begins at its start: what does not grow is read from there. */
  readonly fromStart?: boolean;
}
