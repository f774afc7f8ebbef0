/** The address of the built KaTeX stylesheet, put in by build.mjs. */
declare const KATEX_CSS: string;
/** The address of the style sheet of the pages of files and of large tables, put in by build.mjs. */
declare const FILES_CSS: string;
declare const LATER_CSS: string;
declare const TERMINAL_CSS: string;

/** The text of a style sheet that is put into a shadow root. */
declare module "*/output.css" {
  const text: string;
  export default text;
}
