/**
 * Code inside of markup. The frame's policy lets a script run that code has put in, and nothing that stands in markup (seal.ts says why), so the guest
 * brings it to life:
 *
 *     <script>…</script>                put in anew, where it stood
 *     onclick="…" and the like          a function, with the scopes that HTML gives it
 *     <a href="javascript:…">           run when it is clicked
 *
 * Nothing here is a guard: what gets around it does not run.
 *
 * Source: HTML standard, "event handler content attributes"; CSP level 3, section 8.2 (strict-dynamic).
 */

const RUNNABLE = /^(|text\/javascript|application\/javascript|module|text\/ecmascript|application\/ecmascript)$/i;

export const isRunnable = (script: HTMLScriptElement): boolean => RUNNABLE.test(script.type.trim());

/** An address for code. */
export const addressOf = (code: BlobPart): string => URL.createObjectURL(new Blob([code], { type: "text/javascript" }));

/** Runs a script where `place` stands, or at the end; resolves when it has run. A script that cannot be loaded is reported, and the next one runs. */
export function runScript(like: { src?: string; text?: string; attributes?: Iterable<Attr> }, place?: Element): Promise<void> {
  const script = document.createElement("script");
  for (const { name, value } of like.attributes ?? []) if (name !== "src") script.setAttribute(name, value);
  return new Promise(resolve => {
    if (like.src !== undefined) {
      script.addEventListener("load", () => resolve());
      script.addEventListener("error", () => resolve());
      script.async = false;
      script.src = like.src;
    } else script.text = like.text ?? "";
    if (place === undefined) document.head.append(script);
    else place.replaceWith(script);
    if (like.src === undefined) resolve();
  });
}

// ---- handlers

const texts = new WeakMap<object, string>();

function compile(name: string, text: string): (element: Element) => unknown {
  const code = `with (document) with (element.form ?? {}) with (element) return function ${name}(event) {\n${text}\n}`;
  return new Function("element", code) as (element: Element) => unknown;
}

function setHandler(element: Element, name: string): void {
  if (!(name in element)) return;
  const text = element.getAttribute(name);
  const old: unknown = Reflect.get(element, name);
  if (text === null) Reflect.set(element, name, null);
  else if (typeof old !== "function" || texts.get(old) !== text) {
    try {
      const handler = compile(name, text)(element);
      texts.set(handler as object, text);
      Reflect.set(element, name, handler);
    } catch (error) {
      reportError(error);
    }
  }
}

/** Makes the handlers in a part of a document work, before it is put into one or after. */
export function setHandlers(part: Element | DocumentFragment): void {
  const elements = [...part.querySelectorAll("*")];
  if (part instanceof Element) elements.push(part);
  for (const element of elements) for (const name of element.getAttributeNames()) if (name.startsWith("on")) setHandler(element, name);
}

/** The names of handlers that elements know. */
function handlerNames(): string[] {
  const owners = [HTMLElement, SVGElement, HTMLBodyElement, HTMLMediaElement, SVGAnimationElement].map(one => one.prototype as object);
  const names = owners.flatMap(one => Object.getOwnPropertyNames(one)).filter(name => name.startsWith("on"));
  return [...new Set(names)];
}

/** Makes the handlers work that code brings from now on; `added` is called for each element that comes or gets the attribute `attribute`. */
export function watchInline(attribute: string, added: (element: Element) => void): void {
  new MutationObserver(records => {
    for (const { type, target, attributeName, addedNodes } of records) {
      if (type === "childList")
        for (const node of addedNodes) {
          if (!(node instanceof Element)) continue;
          setHandlers(node);
          added(node);
        }
      else if (attributeName === attribute) added(target as Element);
      else if (attributeName !== null) setHandler(target as Element, attributeName);
    }
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: [attribute, ...handlerNames()] });
}

// ---- links

/** `eval` by another name: so code is run as a script is, not in our scope. */
const run = Reflect.get(globalThis, "eval") as (code: string) => unknown;

/** Runs the code of a link with `javascript:`. */
export function runLink(link: HTMLAnchorElement): void {
  try {
    run(decodeURIComponent(link.href.slice("javascript:".length)));
  } catch (error) {
    reportError(error);
  }
}
