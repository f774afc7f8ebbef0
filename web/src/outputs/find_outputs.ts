/**
 * The texts of outputs as they are shown, for the bar that finds: those in shadow roots too, and all of a long log, of which only the rows on the
 * screen are in the document. What stands in a sealed frame is not seen.
 */
import { type LogText, logs } from "./log_texts.ts";

export interface OutputText {
  readonly text: string;
  /** Where a part of it stands in the page; null when it is not painted now. */
  range(from: number, to: number): Range | null;
  /** Brings a part of it in sight. */
  show(from: number, to: number): void;
  /** Lets go of what was shown. */
  release(): void;
}

/** What is no text of an output: what can be pressed or filled in, and what nobody sees. */
const SKIPPED = "button, form, select, input, textarea, style, script, template, iframe, .log-foot, .katex-mathml, .vh, [hidden]";
const BLOCK =
  /^(?:ADDRESS|ARTICLE|BLOCKQUOTE|BR|CAPTION|DD|DETAILS|DIV|DL|DT|FIGCAPTION|FIGURE|H[1-6]|HR|LI|OL|P|PRE|SECTION|SUMMARY|TABLE|TD|TH|TR|UL)$/;

/** The element around a node, also outside of the shadow root that it is in. */
function parentOf(node: Node): Element | null {
  return node.parentElement ?? (node.parentNode instanceof ShadowRoot ? node.parentNode.host : null);
}

/** Scrolls the boxes around a range so far that it is in sight. */
function scrollTo(range: Range): void {
  for (let at = parentOf(range.startContainer); at !== null; at = parentOf(at)) {
    if (at.scrollHeight <= at.clientHeight && at.scrollWidth <= at.clientWidth) continue;
    const { overflowX, overflowY } = getComputedStyle(at);
    const box = at.getBoundingClientRect();
    const rect = range.getBoundingClientRect();
    const scrolls = (overflow: string): boolean => overflow === "auto" || overflow === "scroll";
    if (scrolls(overflowY) && (rect.top < box.top || rect.bottom > box.bottom)) at.scrollTop += rect.top - box.top - box.height / 3;
    if (scrolls(overflowX) && (rect.left < box.left || rect.right > box.right)) at.scrollLeft += rect.left - box.left - box.width / 3;
  }
}

/** The text of nodes one after the other; blocks and cells of tables begin a line. */
class ShownText implements OutputText {
  text = "";
  readonly #parts: { readonly node: Text; readonly at: number }[] = [];

  add(node: Text): void {
    this.#parts.push({ node, at: this.text.length });
    this.text += node.data;
  }

  newLine(): void {
    if (this.text !== "" && !this.text.endsWith("\n")) this.text += "\n";
  }

  #partAt(place: number): { readonly node: Text; readonly at: number } | undefined {
    return this.#parts.findLast(one => one.at <= place);
  }

  range(from: number, to: number): Range | null {
    const [start, end] = [this.#partAt(from), this.#partAt(Math.max(from, to - 1))];
    if (start === undefined || end === undefined || !start.node.isConnected || !end.node.isConnected) return null;
    const range = document.createRange();
    range.setStart(start.node, Math.min(from - start.at, start.node.length));
    range.setEnd(end.node, Math.min(to - end.at, end.node.length));
    return range;
  }

  show(from: number, to: number): void {
    const range = this.range(from, to);
    if (range === null) return;
    for (let at = parentOf(range.startContainer); at !== null; at = parentOf(at)) if (at instanceof HTMLDetailsElement) at.open = true;
    scrollTo(range);
  }

  release(): void {}
}

class WindowText implements OutputText {
  readonly text: string;

  constructor(
    readonly element: Element,
    readonly log: LogText,
  ) {
    this.text = log.lines().join("\n");
  }

  range(): null {
    return null; // the log marks its own rows
  }

  show(from: number, to: number): void {
    const line = this.text.slice(0, from).split("\n").length - 1;
    this.element.scrollIntoView({ block: "nearest" });
    this.log.mark(line, this.text.slice(from, to).split("\n")[0] ?? "");
  }

  release(): void {
    this.log.mark(null, "");
  }
}

/**
 * The texts below an element, in their order.
 *
 * Args:
 *   root: such as the outputs of a cell.
 *   again: called when more of a log has come.
 *
 * Returns: the texts; each log is one of its own.
 */
export function textsIn(root: Element, again: () => void): OutputText[] {
  const found: OutputText[] = [];
  let shown = new ShownText();
  const end = (): void => {
    if (shown.text !== "") found.push(shown);
    shown = new ShownText();
  };
  const visit = (node: Node): void => {
    if (node instanceof Text) shown.add(node);
    if (!(node instanceof Element) || node.matches(SKIPPED)) return;
    const log = logs.get(node);
    if (log !== undefined) {
      end();
      found.push(new WindowText(node, log));
      void log.rest()?.then(again, () => {}); // what cannot be fetched is not found; the log itself says so when it is asked for
      return;
    }
    if (BLOCK.test(node.tagName)) shown.newLine();
    for (const child of (node.shadowRoot ?? node).childNodes) visit(child);
    if (BLOCK.test(node.tagName)) shown.newLine();
  };
  visit(root);
  end();
  return found;
}
