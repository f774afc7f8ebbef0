/** Colours for source that is not being edited: the same parser and the same class names as the editor, without the editor. */
import { highlightTree, tagHighlighter, tags } from "@lezer/highlight";
import { parser } from "@lezer/python";

export const CLASSES = tagHighlighter([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier, tags.self, tags.definitionKeyword], class: "k" },
  { tag: [tags.string, tags.special(tags.string), tags.character, tags.escape], class: "s" },
  { tag: [tags.number, tags.bool, tags.null], class: "n" },
  {
    tag: [
      tags.function(tags.variableName),
      tags.function(tags.definition(tags.variableName)),
      tags.function(tags.propertyName),
      tags.definition(tags.className),
    ],
    class: "f",
  },
  { tag: [tags.comment, tags.lineComment], class: "c" },
  { tag: tags.meta, class: "f" },
]);

/** Source longer than this is shown without colours until it is edited. */
const MOST_UNITS = 200_000;

/** Puts Python source with colours into an element. */
export function paintPython(source: string, into: HTMLElement): void {
  if (source.length > MOST_UNITS) {
    into.textContent = source;
    return;
  }
  const nodes: Node[] = [];
  let at = 0;
  highlightTree(parser.parse(source), CLASSES, (from, to, classes) => {
    if (from > at) nodes.push(document.createTextNode(source.slice(at, from)));
    const span = document.createElement("span");
    span.className = classes;
    span.textContent = source.slice(from, to);
    nodes.push(span);
    at = to;
  });
  if (at < source.length) nodes.push(document.createTextNode(source.slice(at)));
  into.replaceChildren(...nodes);
}
