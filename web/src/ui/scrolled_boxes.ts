/**
 * Boxes that scroll sideways can be reached by keyboard, and say what they are; others are no stop of Tab.
 *
 * A box is measured when its size changes and when it is named again: a longer line makes a box scroll that has the size that it had.
 */

const labels = new WeakMap<Element, string>();
let watch: ResizeObserver | null = null;

/** Makes a box a stop of Tab when it scrolls. A role and a name of its own stay. */
function measure(box: Element): void {
  const scrolls = box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
  if (scrolls === box.hasAttribute("tabindex")) return;
  if (!scrolls) {
    box.removeAttribute("tabindex");
    return;
  }
  box.setAttribute("tabindex", "0");
  if (!box.hasAttribute("role")) box.setAttribute("role", "group");
  if (!box.hasAttribute("aria-label")) box.setAttribute("aria-label", labels.get(box) ?? "");
}

/**
 * Lets the keyboard reach a box whenever it scrolls.
 *
 * Args:
 *   box: the element that scrolls, in the page; to be named again when its content has changed.
 *   label: what it is, for people who do not see it.
 */
export function reachByKeys(box: Element, label: string): void {
  watch ??= new ResizeObserver(entries => {
    for (const { target } of entries) measure(target);
  });
  labels.set(box, label);
  watch.unobserve(box);
  watch.observe(box);
}
