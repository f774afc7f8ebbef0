/** What the menu of an output needs to know of it. */
import type { ComponentChildren } from "preact";
import type { JsonMap } from "../rpc/schema.ts";

export interface Dressed {
  readonly label: string;
  readonly className?: string;
  /** What kind of thing it is, for “Save …”. */
  readonly kind: string;
  readonly children: ComponentChildren;
  /** The MIME bundle, or the text. */
  readonly content: JsonMap | (() => string);
  readonly isTable?: boolean;
}
