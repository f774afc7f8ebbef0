/** Two versions of a text in one editor: what the other has is struck through, what is here is coloured, and each place has two buttons. */
import { unifiedMergeView } from "@codemirror/merge";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { x } from "../text/textfile.ts";

const rules = EditorView.theme({
  ".cm-changedLine": { backgroundColor: "color-mix(in srgb, var(--ok) 14%, transparent)" },
  ".cm-changedText": { background: "color-mix(in srgb, var(--ok) 26%, transparent)" },
  ".cm-deletedChunk": { backgroundColor: "var(--bad-soft)", padding: "0 14px" },
  ".cm-deletedChunk .cm-deletedText, .cm-deletedText": { background: "color-mix(in srgb, var(--bad) 22%, transparent)" },
  ".cm-deletedChunk del, .cm-deletedLine": { textDecoration: "line-through" },
  ".cm-deletedChunk .cm-chunkButtons": { position: "static", display: "flex", gap: "6px", padding: "4px 0" },
  ".cm-collapsedLines:before, .cm-collapsedLines:after": { content: '"⋮"', padding: "0 6px" },
  ".cm-changeGutter": { width: "3px" },
});

/** The button of a place: `accept` leaves what is here, `reject` takes what the other version has. */
function button(kind: "accept" | "reject", act: (event: MouseEvent) => void): HTMLElement {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "btn small";
  made.textContent = kind === "accept" ? x.keepThis : x.takeThis;
  made.addEventListener("mousedown", act);
  made.addEventListener("click", event => {
    if (event.detail === 0) act(event); // pressed by keyboard
  });
  return made;
}

/** Compares what is edited with another version. */
export const comparison = (other: string): Extension => [
  unifiedMergeView({ original: other, mergeControls: button, gutter: true, collapseUnchanged: { margin: 5, minSize: 12 } }),
  rules,
];
