/**
 * anywidget: a widget whose JavaScript (`_esm`, the source of a module or its address) and style sheet (`_css`) are a part of its state.
 * The module runs here, in the frame, and nowhere else. Source: anywidget, "Anywidget Front-End Module (AFM)".
 */
import { DOMWidgetModel, DOMWidgetView, type WidgetModel } from "@jupyter-widgets/base";

interface Definition {
  initialize?(given: object): unknown;
  render?(given: object): unknown;
}

const REFERENCE = "anywidget:";
const COMMAND_MS = 3000;
const isAddress = (text: string): boolean => /^https?:\/\//.test(text);

/** The part of a model that the widget's code may use; its listeners go when `signal` is aborted. */
function proxy(model: WidgetModel, signal: AbortSignal): object {
  const context = {};
  signal.addEventListener("abort", () => model.off(null as never, null as never, context));
  return {
    get: (key: string) => model.get(key),
    set: (key: string, value: unknown) => model.set(key, value),
    save_changes: () => model.save_changes(),
    send: (content: unknown, callbacks?: unknown, buffers?: ArrayBuffer[]) => model.send(content as never, callbacks as never, buffers),
    on: (name: string, listener: (...given: unknown[]) => void) => model.on(name, listener, context),
    off: (name?: string | null, listener?: (...given: unknown[]) => void) => model.off(name as never, listener as never, context),
    widget_manager: model.widget_manager,
  };
}

/** Calls a command of the widget's Python class. */
function invoke(
  model: WidgetModel,
  name: string,
  message: unknown,
  options: { buffers?: ArrayBuffer[]; signal?: AbortSignal } = {},
): Promise<unknown> {
  const id = crypto.randomUUID?.() ?? String(Math.random());
  const signal = options.signal ?? AbortSignal.timeout(COMMAND_MS);
  return new Promise((resolve, refuse) => {
    const onReply = (answer: { id?: unknown; response?: unknown }, buffers: unknown): void => {
      if (answer.id !== id) return;
      model.off("msg:custom", onReply);
      resolve([answer.response, buffers]);
    };
    signal.addEventListener("abort", () => {
      model.off("msg:custom", onReply);
      refuse(signal.reason);
    });
    model.on("msg:custom", onReply);
    model.send({ id, kind: "anywidget-command", name, msg: message } as never, undefined, options.buffers ?? []);
  });
}

const experimental = (model: WidgetModel): object => ({
  invoke: (name: string, message: unknown, options?: object) => invoke(model, name, message, options),
});

async function load(esm: string): Promise<Definition> {
  const address = isAddress(esm) ? esm : URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
  try {
    const module = (await import(address)) as {
      default?: Definition | (() => Definition | Promise<Definition>);
      render?: Definition["render"];
    };
    if (module.default === undefined && module.render !== undefined) return { render: module.render };
    if (module.default === undefined) throw new Error("The module of this widget has no default export.");
    return typeof module.default === "function" ? await module.default() : module.default;
  } catch (error) {
    const named = [...esm.matchAll(/(?:from|import)\s*(?:\(\s*)?["'](https?:\/\/[^/"']+)/g)].map(match => match[1]);
    if (named.length === 0 || !(error instanceof TypeError)) throw error;
    throw new Error(`The code of this widget could not be loaded; it imports from ${[...new Set(named)].join(", ")}.`);
  } finally {
    if (!isAddress(esm)) URL.revokeObjectURL(address);
  }
}

/** The module of one model, initialized once: again when its source changes (a widget that is being written). */
class Binding {
  #controller = new AbortController();
  definition: Promise<Definition>;
  exports: unknown;

  constructor(readonly model: WidgetModel) {
    this.definition = this.#begin();
    model.on("change:_esm", () => {
      this.#controller.abort();
      this.#controller = new AbortController();
      this.definition = this.#begin();
      model.trigger("webipy:rebound");
    });
    model.on("destroy", () => this.#controller.abort());
  }

  async #begin(): Promise<Definition> {
    const { signal } = this.#controller;
    const definition = await load(String(this.model.get("_esm")));
    const result = await definition.initialize?.({ model: proxy(this.model, signal), signal, experimental: experimental(this.model) });
    if (typeof result === "function") signal.addEventListener("abort", () => void result());
    else this.exports = result;
    return definition;
  }
}

const bindings = new WeakMap<WidgetModel, Binding>();

function bound(model: WidgetModel): Binding {
  let binding = bindings.get(model);
  if (binding === undefined) {
    binding = new Binding(model);
    bindings.set(model, binding);
  }
  return binding;
}

async function draw(model: WidgetModel, el: HTMLElement, signal: AbortSignal): Promise<void> {
  const definition = await bound(model).definition;
  if (signal.aborted) return;
  const given = { model: proxy(model, signal), el, signal, experimental: experimental(model), host: host(model, signal) };
  const cleanup = await definition.render?.(given);
  const end = (): void => {
    if (typeof cleanup === "function") void cleanup();
  };
  if (signal.aborted) end();
  else signal.addEventListener("abort", end);
}

/** How a widget reaches others that it refers to as `anywidget:ID`. */
function host(model: WidgetModel, signal: AbortSignal): object {
  const referred = (reference: string): Promise<WidgetModel> => {
    if (!reference.startsWith(REFERENCE)) throw new Error(`${JSON.stringify(reference)} refers to no widget.`);
    return model.widget_manager.get_model(reference.slice(REFERENCE.length));
  };
  return {
    getModel: async (reference: string) => proxy(await referred(reference), signal),
    getWidget: async (reference: string) => {
      const other = await referred(reference);
      const binding = bound(other);
      await binding.definition;
      return {
        exports: binding.exports,
        render: ({ el, signal: inner }: { el: HTMLElement; signal?: AbortSignal }) => draw(other, el, inner ?? signal),
      };
    },
  };
}

/** The style sheet of a class of widgets, once in the document. */
function style(model: WidgetModel): void {
  const css = model.get("_css") as string | undefined;
  const id = `css-${String(model.get("_anywidget_id"))}`;
  document.getElementById(id)?.remove();
  if (css === undefined || css === "") return;
  const element = isAddress(css)
    ? Object.assign(document.createElement("link"), { rel: "stylesheet", href: css })
    : document.createElement("style");
  if (element instanceof HTMLStyleElement) element.textContent = css;
  element.id = id;
  document.head.append(element);
}

export class AnyModel extends DOMWidgetModel {
  override initialize(attributes: object, options: object): void {
    super.initialize(attributes as never, options as never);
    style(this);
    this.on("change:_css", () => style(this));
    bound(this).definition.catch(() => {}); // reported by each view
  }
}

export class AnyView extends DOMWidgetView {
  #controller = new AbortController();

  override async render(): Promise<void> {
    this.#draw();
    this.listenTo(this.model, "webipy:rebound", () => {
      this.#controller.abort();
      this.el.replaceChildren();
      this.#draw();
    });
  }

  #draw(): void {
    this.#controller = new AbortController();
    draw(this.model, this.el, this.#controller.signal).catch((error: unknown) => {
      const line = document.createElement("pre");
      line.className = "error";
      line.textContent = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      this.el.append(line);
    });
  }

  override remove(): this {
    this.#controller.abort();
    return super.remove();
  }
}
