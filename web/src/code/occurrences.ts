/** Selecting other occurrences of what is selected: of the package of searching this alone (build.mjs, `ownParts`). */
export { selectNextOccurrence, selectSelectionMatches } from "@codemirror/search";
