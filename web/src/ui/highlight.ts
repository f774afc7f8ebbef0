/** Colours for source that is not being edited: the same parser and the same class names as the editor, without the editor. */

import type { Parser } from "@lezer/common";
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

/** What other languages have besides. */
const MORE = tagHighlighter([
  { tag: [tags.standard(tags.variableName), tags.typeName, tags.attributeName, tags.heading], class: "f" },
  { tag: [tags.tagName, tags.deleted], class: "k" },
  { tag: tags.inserted, class: "s" },
]);

/** Source longer than this is shown without colours until it is edited. */
const MOST_UNITS = 200_000;

/** Puts Python source with colours into an element. */
export function paintPython(source: string, into: HTMLElement): void {
  paintTree(source, parser, into);
}

/**
 * Puts source with colours into an element.
 *
 * Args:
 *   source: the text.
 *   language: its parser.
 *   into: is emptied first.
 */
export function paintTree(source: string, language: Parser, into: HTMLElement): void {
  if (source.length > MOST_UNITS) {
    into.textContent = source;
    return;
  }
  const nodes: Node[] = [];
  let at = 0;
  highlightTree(language.parse(source), language === parser ? CLASSES : [CLASSES, MORE], (from, to, classes) => {
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
