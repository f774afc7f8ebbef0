/** Runs inside an exported document: sets the formulas in its text, with the delimiters that notebooks know, and leaves code alone. */
import renderMathInElement from "katex/contrib/auto-render";

const ENVIRONMENTS = ["equation", "align", "alignat", "gather", "CD", "eqnarray", "multline", "matrix", "pmatrix", "bmatrix", "cases"];

function setAll(): void {
  const delimiters = [
    { left: "$$", right: "$$", display: true },
    { left: "\\[", right: "\\]", display: true },
    { left: "\\(", right: "\\)", display: false },
    { left: "$", right: "$", display: false },
    ...ENVIRONMENTS.flatMap(name => [name, `${name}*`].map(one => ({ left: `\\begin{${one}}`, right: `\\end{${one}}`, display: true }))),
  ];
  const options = { delimiters, throwOnError: false, trust: false, maxSize: 50, maxExpand: 1000 };
  for (const element of document.querySelectorAll<HTMLElement>(".jp-RenderedHTMLCommon, .jp-RenderedLatex")) {
    renderMathInElement(element, options);
  }
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", setAll);
else setAll();
