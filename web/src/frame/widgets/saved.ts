/**
 * Widgets in an exported document: drawn from the state that a notebook was saved with, without a kernel and without a page. All of them have one manager, so
 * what is linked moves together. What a person changes stays in the document that is open.
 */
import { map } from "../../model/json.ts";
import type { Json } from "../../rpc/schema.ts";
import type { Surroundings } from "../guest.ts";
import type { Part, Parts, Path, ToGuest, ToPage } from "../protocol.ts";
import { FrameManager } from "./manager.ts";
import css from "./widgets.css";

/** A model in `metadata.widgets` of a notebook. Source: the embedding schema of ipywidgets 8. */
function partsOf(saved: Json): Parts {
  const { state, buffers } = map(saved);
  const parts: { [key: string]: { value: Json; buffers: [Path, string][] } } = {};
  for (const [key, value] of Object.entries(map(state))) parts[key] = { value, buffers: [] };
  for (const one of Array.isArray(buffers) ? buffers.map(map) : []) {
    const [key, ...rest] = (Array.isArray(one.path) ? one.path : []) as (string | number)[];
    parts[String(key)] ??= { value: null, buffers: [] };
    parts[String(key)]?.buffers.push([rest, String(one.data)]);
  }
  return parts as { [key: string]: Part };
}

const isLink = (saved: Json): boolean =>
  (map(map(saved).state)._view_name ?? null) === null && /LinkModel$/.test(String(map(saved).model_name));

/** Answers what a frame would ask the page. */
function around(models: { [id: string]: Json }, root: HTMLElement): Surroundings {
  const listeners: ((message: ToGuest) => void)[] = [];
  const answer = (message: ToGuest): void => {
    for (const then of listeners) then(message);
  };
  const hear = (message: ToPage): void => {
    if (message.webipy === "model") {
      const saved = models[message.comm];
      answer({ webipy: "model", comm: message.comm, state: saved === undefined ? null : partsOf(saved), alive: true });
    } else if (message.webipy === "set") answer({ webipy: "state", comm: message.comm, state: {}, acked: message.number });
    else if (message.webipy === "module") answer({ webipy: "module", name: message.name, sources: [] });
  };
  return {
    root,
    hosts: [],
    isDark: () => false,
    onDark: () => {},
    onMessage: then => void listeners.push(then),
    send: message => queueMicrotask(() => hear(message)),
    library: () => Promise.resolve({}),
    file: () => Promise.resolve(new Blob()),
    complain: reason => console.warn(reason),
    showHtml: (html, into) => {
      into.innerHTML = html;
      return Promise.resolve();
    },
    figure: () => Promise.reject(new Error("A figure inside of a widget is not a part of this document.")),
  };
}

let manager: FrameManager | null = null;

/** The style sheet counts for widgets alone: the document has its own. */
function addStyle(): void {
  const style = document.createElement("style");
  style.textContent = css.replace(/:root\b/g, ".webipy-widget").replace(/(^|\})body\{/g, "$1.webipy-widget{");
  document.head.append(style);
}

/** Draws a widget of the document. */
export async function showSaved(id: string, models: { [id: string]: Json }, root: HTMLElement): Promise<void> {
  if (manager === null) {
    addStyle();
    manager = new FrameManager(around(models, root));
    for (const [link, saved] of Object.entries(models)) if (isLink(saved)) void manager.get_model(link);
  }
  root.className = "webipy-widget";
  await manager.display(id, root);
}
