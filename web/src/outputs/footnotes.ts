/** Footnotes, as GitHub has them: loaded when the first text has one. */
import type { MarkedExtension } from "marked";
import markedFootnote from "marked-footnote";
import { r } from "../text/rich.ts";

/** Makes `[^name]` refer to the note that begins with `[^name]:`. */
export const footnotes = (): MarkedExtension => markedFootnote({ description: r.footnotes, backRefLabel: r.footnoteBack });
