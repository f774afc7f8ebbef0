/** Formulas by KaTeX, loaded when the first one is met. It builds elements and sets styles through CSSOM; no markup text is made. */
import type { KatexOptions } from "katex";

type Katex = { render(tex: string, element: HTMLElement, options?: KatexOptions): void };
let loading: Promise<Katex> | null = null;

async function load(): Promise<Katex> {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = KATEX_CSS;
  document.head.append(link);
  const { default: katex } = await import("katex");
  return katex;
}

/** Sets one formula. What KaTeX cannot read is shown as it was written, with the reason as its title. */
export async function setMath(tex: string, display: boolean, into: HTMLElement): Promise<void> {
  loading ??= load();
  const katex = await loading;
  try {
    katex.render(tex, into, {
      displayMode: display,
      throwOnError: true,
      trust: false,
      maxSize: 50,
      maxExpand: 1000,
      output: "htmlAndMathml",
    });
  } catch (error) {
    const code = document.createElement("code");
    code.className = "math-failed";
    code.textContent = display ? `$$${tex}$$` : `$${tex}$`;
    code.title = error instanceof Error ? error.message : String(error);
    into.replaceChildren(code);
  }
}
