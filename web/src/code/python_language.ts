/** The language of most cells: of its package this alone, without its completions (build.mjs, `ownParts`). */
export { pythonLanguage } from "@codemirror/lang-python";
