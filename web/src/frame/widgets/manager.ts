/**
 * The widget manager of one frame: models are made from the states that the page sends, views are drawn here.
 *
 * It is the interface that @jupyter-widgets/base asks for and no more; @jupyter-widgets/base-manager would bring the messages of a
 * kernel connection, which a frame has not, and a sanitizer, which a frame needs not.
 */
import * as base from "@jupyter-widgets/base";
import * as controls from "@jupyter-widgets/controls";
import type { Json, JsonMap } from "../../rpc/schema.ts";
import type { Surroundings } from "../guest.ts";
import type { Parts, ToGuest } from "../protocol.ts";
import * as any from "./anywidget.ts";
import { FrameComm, messageOf } from "./comm.ts";
import { setFormulas } from "./formulas.ts";
import * as output from "./output.ts";
import { Packages } from "./packages.ts";

type ModelClass = typeof base.WidgetModel;
type ViewClass = new (options: object) => base.WidgetView;

interface Answer {
  readonly state: Parts | null;
  readonly alive: boolean;
}

/** What a package's code finds at a model that is not there: something that does nothing, whatever is done with it. */
const NOTHING: object = new Proxy(() => {}, {
  get: (_, key) => (key === "then" || typeof key === "symbol" ? undefined : NOTHING),
  set: () => true,
  apply: () => NOTHING,
  construct: () => NOTHING,
});

/** What Backbone and the widgets' own code keep at a model, and find missing at first. */
const isInner = (key: string): boolean => key.startsWith("_") || key === "comm" || key === "then";

const withNothing = (model: base.WidgetModel): base.WidgetModel =>
  new Proxy(model, { get: (known, key) => (key in known || typeof key === "symbol" || isInner(key) ? Reflect.get(known, key) : NOTHING) });

/** In place of a model that its program has closed while others still refer to it: it is drawn as nothing. */
const ABSENT: JsonMap = {
  _model_name: "DOMWidgetModel",
  _model_module: "@jupyter-widgets/base",
  _view_name: "DOMWidgetView",
  _view_module: "@jupyter-widgets/base",
};

const OURS: { readonly [module: string]: unknown } = {
  "@jupyter-widgets/base": base,
  "@jupyter-widgets/controls": controls,
  "@jupyter-widgets/output": output,
  anywidget: any,
};

export class FrameManager implements base.IWidgetManager {
  readonly #packages: Packages;
  readonly #models = new Map<string, Promise<base.WidgetModel>>();
  readonly #comms = new Map<string, FrameComm>();
  readonly #asked = new Map<string, (answer: Answer) => void>();
  /** Where descriptions and labels get their formulas set. */
  readonly _rendermime = { latexTypesetter: { typeset: (element: HTMLElement): void => setFormulas(element, this.surroundings) } };

  constructor(readonly surroundings: Surroundings) {
    this.#packages = new Packages(surroundings);
    surroundings.onMessage(message => this.#hear(message));
  }

  #hear(message: ToGuest): void {
    switch (message.webipy) {
      case "model":
        this.#asked.get(message.comm)?.(message);
        this.#asked.delete(message.comm);
        return;
      case "state":
        this.#comms.get(message.comm)?.state(message.state, message.acked);
        return;
      case "custom":
        this.#comms.get(message.comm)?.custom(message.content, message.buffers);
        return;
      case "opened":
        this.get_model(message.comm).catch((error: unknown) => this.surroundings.complain(String(error)));
        return;
      case "closed":
        this.#comms.get(message.comm)?.closed();
        this.#comms.delete(message.comm);
        this.#models.delete(message.comm);
        return;
      case "dead":
        for (const model of this.#models.values()) void model.then(one => (one.comm_live = false));
        return;
      default:
        return;
    }
  }

  // ---- models

  get_model(id: string): Promise<base.WidgetModel> {
    let model = this.#models.get(id);
    if (model === undefined) {
      model = this.#ask(id).then(({ state, alive }) =>
        state === null ? this.#build(id, ABSENT, undefined).then(withNothing) : this.#make(id, state, alive),
      );
      this.#models.set(id, model);
    }
    return model;
  }

  has_model(id: string): boolean {
    return this.#models.has(id);
  }

  register_model(id: string, model: Promise<base.WidgetModel>): void {
    this.#models.set(id, model);
  }

  #ask(id: string): Promise<Answer> {
    return new Promise(resolve => {
      this.#asked.set(id, resolve);
      this.surroundings.send({ webipy: "model", comm: id });
    });
  }

  async #make(id: string, parts: Parts, alive: boolean): Promise<base.WidgetModel> {
    const comm = new FrameComm(id, this.surroundings.send);
    this.#comms.set(id, comm);
    const { state, buffer_paths, buffers } = messageOf(parts);
    base.put_buffers(state as never, buffer_paths as (string | number)[][], buffers);
    const model = await this.#build(id, state, comm);
    comm.model = model as unknown as NonNullable<FrameComm["model"]>;
    model.comm_live = alive;
    comm.begin();
    return model;
  }

  async #build(id: string, state: JsonMap, comm: FrameComm | undefined): Promise<base.WidgetModel> {
    const [name, module, version] = [String(state._model_name), String(state._model_module), String(state._model_module_version ?? "")];
    let Model: ModelClass;
    try {
      Model = (await this.#load(name, module, version)) as ModelClass;
    } catch {
      Model = base.DOMWidgetModel as ModelClass; // its views show the reason
    }
    const attributes = await Model._deserialize_state(state as never, this as never);
    const model = new Model(attributes as never, { widget_manager: this, model_id: id, comm } as never);
    model.name = name;
    model.module = module;
    return model;
  }

  async new_model(options: base.IModelOptions, state: object = {}): Promise<base.WidgetModel> {
    const id = options.model_id ?? base.uuid();
    const whole = {
      ...state,
      _model_name: options.model_name,
      _model_module: options.model_module,
      _model_module_version: options.model_module_version,
    };
    const model = this.#build(id, whole as JsonMap, undefined);
    this.register_model(id, model);
    return await model;
  }

  /** Models that the code of a package makes by itself (pythreejs) live in this frame alone: the kernel is told nothing of them. */
  _create_comm(_target: string, id: string): Promise<FrameComm> {
    return Promise.resolve(new FrameComm(id, () => {}));
  }

  /** A widget that a page makes would need a comm that a page opens. */
  new_widget(): Promise<base.WidgetModel> {
    return Promise.reject(new Error("A widget cannot be made from here: make it in the kernel."));
  }

  // ---- views

  async create_view<View extends base.WidgetView>(model: base.WidgetModel, options: object = {}): Promise<View> {
    const made = model.state_change.then(() => this.#view(model, options));
    model.state_change = made.catch(() => {});
    const id = base.uuid();
    const view = await made;
    if (model.views !== undefined) {
      model.views[id] = Promise.resolve(view);
      view.once("remove", () => {
        if (model.views !== undefined) delete model.views[id];
      });
    }
    return view as View;
  }

  async #view(model: base.WidgetModel, options: object): Promise<base.WidgetView> {
    try {
      const View = (await this.#load(
        String(model.get("_view_name")),
        String(model.get("_view_module")),
        String(model.get("_view_module_version") ?? ""),
      )) as ViewClass;
      const view = new View({ model, options });
      view.listenTo(model, "destroy", view.remove);
      await view.render();
      return view;
    } catch (error) {
      const view = new base.DOMWidgetView({ model, options });
      view.el.classList.add("failed");
      view.el.textContent = error instanceof Error ? error.message : String(error);
      return view;
    }
  }

  async #load(name: string, module: string, version: string): Promise<unknown> {
    const found = (OURS[module] ?? (await this.#packages.load(module))) as { [name: string]: unknown };
    if (found[name] === undefined) throw new Error(`${module} ${version} has no ${name}.`);
    return found[name];
  }

  callbacks(): object {
    return {};
  }

  resolveUrl(url: string): Promise<string> {
    return Promise.resolve(url);
  }

  /** Markup of labels: in a frame it can do no more than the rest of the output. */
  inline_sanitize(markup: string): string {
    return markup;
  }

  /** Draws a view of a model. */
  async display(id: string, into: HTMLElement): Promise<void> {
    const model = await this.get_model(id);
    const view = (await this.create_view(model)) as base.DOMWidgetView;
    output.attach(view, into);
  }

  /** Draws anything that an output can hold. */
  readonly show = (type: string, body: Json, into: HTMLElement): Promise<void> | void =>
    type === "widget" ? this.display(String(body), into) : undefined;
}
