/**
 * The files of packages, for code that knows of addresses only. In a frame no address can be loaded, so packages are given one that is no place at all,
 *
 *     https://widgets.invalid/labextensions/NAME/static/12.abc.js
 *
 * and what their code asks for below it comes from the page: scripts (the chunks of a build), pictures, what `fetch` wants, and what a style sheet
 * names. An address that is not below it is left alone.
 */
import type { Surroundings } from "../guest.ts";

export const BASE = "https://widgets.invalid/";
const ADDRESSES = /https:\/\/widgets\.invalid\/[^\s"')]+/g;

const TYPES: { readonly [ending: string]: string } = {
  svg: "image/svg+xml",
  css: "text/css",
  json: "application/json",
  wasm: "application/wasm",
};

/** The path of a file by its address; null for another one. */
function pathOf(address: string): string | null {
  if (!address.startsWith(BASE)) return null;
  return decodeURIComponent(new URL(address).pathname.slice(1));
}

/** Runs the code of a script at once; it sees the address that it has there as its own. */
export function runCode(path: string, code: string): void {
  const script = document.createElement("script");
  Object.defineProperty(script, "src", { value: BASE + path });
  script.text = code;
  document.head.append(script);
}

export class PackageFiles {
  readonly #asked = new Map<string, { promise: Promise<Blob | null>; settle(content: Blob | null): void }>();
  readonly #shown = new Map<string, Promise<string>>();

  constructor(readonly surroundings: Surroundings) {
    surroundings.onMessage(message => {
      if (message.webipy === "part") this.#asked.get(message.path)?.settle(message.content);
    });
    document.body.dataset.baseUrl = BASE; // as the classic notebook has it
    this.#lendScripts();
    this.#lendPictures();
    this.#lendFetch();
    this.#watchStyles();
  }

  /** A file; rejects when the package has none of that path. */
  async file(path: string): Promise<Blob> {
    let asked = this.#asked.get(path);
    if (asked === undefined) {
      let settle: (content: Blob | null) => void = () => {};
      const promise = new Promise<Blob | null>(resolve => {
        settle = resolve;
      });
      asked = { promise, settle };
      this.#asked.set(path, asked);
      this.surroundings.send({ webipy: "part", path });
    }
    const content = await asked.promise;
    if (content === null) throw new Error(`A file of this widget could not be loaded: ${path}.`);
    return content;
  }

  /** Runs a script of a package. */
  async run(path: string): Promise<void> {
    runCode(path, await (await this.file(path)).text());
  }

  /** An address of a file that a frame can show. */
  #address(path: string): Promise<string> {
    let address = this.#shown.get(path);
    if (address === undefined) {
      const type = TYPES[path.slice(path.lastIndexOf(".") + 1)] ?? "";
      address = this.file(path).then(content => URL.createObjectURL(new Blob([content], { type })));
      this.#shown.set(path, address);
    }
    return address;
  }

  /** Puts `lend` before what sets the address of an element; it says whether the address was one of ours. */
  #lend<Element extends HTMLElement>(
    prototype: Element,
    name: string,
    lend: (element: Element, path: string, set: (to: string) => void) => void,
  ) {
    const known = Object.getOwnPropertyDescriptor(prototype, name);
    if (known?.set === undefined) return;
    const { set } = known;
    Object.defineProperty(prototype, name, {
      ...known,
      set(this: Element, address: string) {
        const path = pathOf(String(address));
        if (path === null) set.call(this, address);
        else lend(this, path, to => set.call(this, to));
      },
    });
  }

  #lendScripts(): void {
    this.#lend(HTMLScriptElement.prototype, "src", (element, path) => {
      this.run(path).then(
        () => element.dispatchEvent(new Event("load")),
        () => element.dispatchEvent(new Event("error")),
      );
    });
    this.#lend(HTMLLinkElement.prototype, "href", (element, path, set) => {
      this.#address(path).then(set, () => element.dispatchEvent(new Event("error")));
    });
  }

  #lendPictures(): void {
    this.#lend(HTMLImageElement.prototype, "src", (element, path, set) => {
      this.#address(path).then(set, () => element.dispatchEvent(new Event("error")));
    });
  }

  #lendFetch(): void {
    const known = window.fetch;
    window.fetch = async (what, how) => {
      const path = pathOf(what instanceof Request ? what.url : String(what));
      return path === null ? await known(what, how) : new Response(await this.file(path));
    };
  }

  /** Style sheets of packages name pictures: they are put in when they are there. */
  #watchStyles(): void {
    new MutationObserver(records => {
      for (const { target, addedNodes } of records) {
        if (target instanceof HTMLStyleElement) this.#fillStyle(target);
        for (const node of addedNodes) if (node instanceof HTMLStyleElement) this.#fillStyle(node);
      }
    }).observe(document, { subtree: true, childList: true });
  }

  #fillStyle(style: HTMLStyleElement): void {
    const text = style.textContent ?? "";
    const named = [...new Set(text.match(ADDRESSES) ?? [])];
    if (named.length === 0) return;
    style.textContent = text.replace(ADDRESSES, "data:,");
    const filled = named.map(async address => [address, await this.#address(pathOf(address) ?? "").catch(() => "data:,")] as const);
    void Promise.all(filled).then(all => {
      const known = new Map(all);
      style.textContent = text.replace(ADDRESSES, address => known.get(address) ?? "data:,");
    });
  }
}
