/** Sets the formulas in widgets and in their outputs, with the delimiters that notebooks know. */
import renderMathInElement from "katex/contrib/auto-render";
import css from "./math.css";

const delimiters = [
  { left: "$$", right: "$$", display: true },
  { left: "\\[", right: "\\]", display: true },
  { left: "\\(", right: "\\)", display: false },
  { left: "$", right: "$", display: false },
];

const style = document.createElement("style");
style.textContent = css;
document.head.append(style);

window.webipy.math = {
  typeset: element => renderMathInElement(element, { delimiters, throwOnError: false, trust: false, maxSize: 50, maxExpand: 1000 }),
};
