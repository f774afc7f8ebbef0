/** What a passive HTML output is shown with: the sanitiser, and the style sheet of its shadow root (tables as the page's own). */
import css from "../css/output.css";

export { isActive, showHtml } from "./sanitize.ts";

let sheet: CSSStyleSheet | null = null;

export function outputSheet(): CSSStyleSheet {
  if (sheet === null) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
  }
  return sheet;
}
