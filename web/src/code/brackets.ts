/** Brackets and quotes that close by themselves: of the package of completion this alone (build.mjs, `ownParts`). */
export { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
