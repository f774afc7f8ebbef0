/** The editor looks like the source it stands for: the same font, padding and colours, so that nothing moves when it opens. */
import { syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { CLASSES } from "../ui/highlight.ts";

const rules = EditorView.theme({
  "&": { fontSize: "var(--fs-code)", color: "var(--ink)", backgroundColor: "transparent" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "var(--lh-code)", fontVariantLigatures: "none", overflowX: "auto" },
  ".cm-content": { padding: "9px 0", caretColor: "var(--ink)" },
  ".cm-line": { padding: "0 14px" },
  ".cm-gutters": { backgroundColor: "transparent", border: "0", color: "var(--ink-3)" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "42px", padding: "0" },
  ".cm-gutters + .cm-content .cm-line": { paddingLeft: "14px" },
  ".cm-cursor": { borderLeftColor: "var(--ink)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--sea) 22%, transparent)",
  },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "color-mix(in srgb, var(--sea) 24%, transparent)" },
  "&.cm-focused .cm-nonmatchingBracket": { backgroundColor: "color-mix(in srgb, var(--bad) 24%, transparent)" },
  ".cm-placeholder": { color: "var(--ink-3)" },
  ".cm-panels": { backgroundColor: "var(--sunken)", color: "var(--ink)", fontSize: "var(--fs-ui)", borderTop: "1px solid var(--line)" },
  ".cm-panels input, .cm-panels button": { fontSize: "var(--fs-ui)" },
  ".cm-textfield": { backgroundColor: "var(--surface)", color: "var(--ink)", border: "1px solid var(--line-2)" },
  ".cm-button": { backgroundImage: "none", backgroundColor: "var(--surface)", color: "var(--ink)", border: "1px solid var(--line-2)" },
  ".cm-tooltip": {
    backgroundColor: "var(--raised)",
    border: "1px solid var(--line-2)",
    borderRadius: "var(--r)",
    boxShadow: "var(--shadow)",
    color: "var(--ink)",
    overflow: "hidden",
  },
  ".cm-tooltip.cm-tooltip-autocomplete": { overflow: "visible" }, // what is known of a name stands outside of it
  ".cm-tooltip.cm-of-other": { visibility: "hidden" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", fontSize: "12.5px", maxHeight: "16em", padding: "4px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": {
    padding: "3px 8px",
    borderRadius: "4px",
    lineHeight: "1.45",
    display: "flex",
    gap: "16px",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--sea)", color: "var(--sea-ink)" },
  ".cm-completionDetail": { marginLeft: "auto", fontStyle: "normal", color: "var(--ink-3)", fontSize: "11px", alignSelf: "center" },
  "li[aria-selected] .cm-completionDetail": { color: "inherit" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "650" },
  ".cm-tooltip.cm-completionInfo": { padding: "9px 12px", overflow: "auto", margin: "0 4px", boxSizing: "border-box" },
  ".cm-completionInfo": {
    fontFamily: "var(--mono)",
    fontSize: "12px",
    maxHeight: "16em",
    whiteSpace: "pre-wrap",
    overflowWrap: "anywhere",
  },
  ".cm-inspection": { maxWidth: "min(640px, 90vw)", maxHeight: "260px", overflow: "auto", padding: "8px 12px" },
});

export const theme: Extension = [rules, syntaxHighlighting(CLASSES)];
