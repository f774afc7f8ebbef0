/**
 * Widgets of other packages (ipympl, bqplot, ipyleaflet...): their JavaScript lies in the environment of the kernel, and comes from there by the page.
 *
 *     a module of widgets ──► the page: where may it be? ──► each place in turn, until one has the module
 *
 *     amd          `define([...], ...)`: depends on modules of the same kind, and on what is here (HERE)
 *     federated    an extension of JupyterLab: a container of webpack that gets what is here as shared modules. It is started with a registry alone, in
 *                  which it enters its modules of widgets; JupyterLab itself is not here, and a plugin that wants more of it gets nothing
 *
 * Source: the AMD API (github.com/amdjs); webpack, "Module Federation"; JupyterLab, "Prebuilt extensions"; @jupyter-widgets/base, IJupyterWidgetRegistry.
 */
import * as base from "@jupyter-widgets/base";
import { version as baseVersion } from "@jupyter-widgets/base/package.json";
import * as controls from "@jupyter-widgets/controls";
import { version as controlsVersion } from "@jupyter-widgets/controls/package.json";
import * as algorithm from "@lumino/algorithm";
import { version as algorithmVersion } from "@lumino/algorithm/package.json";
import * as coreutils from "@lumino/coreutils";
import { version as coreutilsVersion } from "@lumino/coreutils/package.json";
import * as messaging from "@lumino/messaging";
import { version as messagingVersion } from "@lumino/messaging/package.json";
import * as signaling from "@lumino/signaling";
import { version as signalingVersion } from "@lumino/signaling/package.json";
import * as lumino from "@lumino/widgets";
import { version as luminoVersion } from "@lumino/widgets/package.json";
import type { Surroundings } from "../guest.ts";
import type { Source } from "../protocol.ts";
import * as output from "./output.ts";
import { BASE, PackageFiles, runCode } from "./package_files.ts";

type Exports = { readonly [name: string]: unknown };

/** What packages build on, with the version that a build asks for. */
const HERE: { readonly [name: string]: readonly [unknown, string] } = {
  "@jupyter-widgets/base": [base, baseVersion],
  "@jupyter-widgets/controls": [controls, controlsVersion],
  "@jupyter-widgets/output": [output, "6.0.0"],
  "@lumino/algorithm": [algorithm, algorithmVersion],
  "@lumino/coreutils": [coreutils, coreutilsVersion],
  "@lumino/messaging": [messaging, messagingVersion],
  "@lumino/signaling": [signaling, signalingVersion],
  "@lumino/widgets": [lumino, luminoVersion],
};

/** Modules whose Python package has another name. */
const PYTHON_NAMES: { readonly [module: string]: string } = {
  "jupyter-matplotlib": "ipympl",
  "jupyter-leaflet": "ipyleaflet",
  "jupyter-threejs": "pythreejs",
  "jupyter-datawidgets": "ipydatawidgets",
  "jupyter-webrtc": "ipywebrtc",
  "jupyter-vue": "ipyvue",
  "jupyter-vuetify": "ipyvuetify",
  "jupyter-cytoscape": "ipycytoscape",
  "nglview-js-widgets": "nglview",
  "@jupyter-widgets/jupyterlab-sidecar": "sidecar",
  "@bokeh/jupyter_bokeh": "jupyter_bokeh",
};

function notInstalled(module: string): Error {
  const name = PYTHON_NAMES[module] ?? module.replace(/^@[^/]*\//, "");
  const [what, how] = [`The package that draws this widget (${module}) is not installed where the kernel runs.`, `pip install ${name}`];
  return new Error(`${what} Install it there, for example with "${how}", and reload the page.`);
}

// ---- AMD

type Factory = ((...modules: unknown[]) => unknown) | object;
interface Defined {
  readonly needs: readonly string[];
  readonly factory: Factory;
}

/** AMD's `define([id,] [dependencies,] factory)`. */
function definition(given: unknown[]): Defined {
  const factory = given.pop() as Factory;
  const needs = given.pop();
  return {
    needs: Array.isArray(needs) ? needs.map(String) : typeof factory === "function" ? ["require", "exports", "module"] : [],
    factory,
  };
}

// ---- federated

type Shared = { [name: string]: { [version: string]: object } };
interface Container {
  init(shared: Shared): Promise<void> | void;
  get(name: string): Promise<() => unknown>;
}
interface Plugin {
  readonly requires?: readonly { name?: string }[];
  readonly optional?: readonly { name?: string }[];
  activate?(app: object, ...services: unknown[]): unknown;
}
interface Entered {
  readonly name: string;
  readonly exports: Exports | Promise<Exports> | (() => Exports | Promise<Exports>);
}

const REGISTRY = base.IJupyterWidgetRegistry.name;
const isRegistry = (token: { name?: string }): boolean => token?.name === REGISTRY;

export class Packages {
  readonly #files: PackageFiles;
  readonly #modules = new Map<string, Promise<unknown>>();
  readonly #sources = new Map<string, ((sources: readonly Source[] | null) => void)[]>();
  /** What extensions have entered, by the names of the modules. */
  readonly #entered = new Map<string, Entered>();
  readonly #containers = new Map<string, Promise<Container>>();
  readonly #started = new Map<string, Promise<void>>();
  readonly #shared: Shared = {};

  constructor(readonly surroundings: Surroundings) {
    this.#files = new PackageFiles(surroundings);
    surroundings.onMessage(message => {
      if (message.webipy !== "module") return;
      for (const settle of this.#sources.get(message.name) ?? []) settle(message.sources);
      this.#sources.delete(message.name);
    });
    for (const [name, [module, version]] of Object.entries(HERE)) {
      this.#modules.set(name, Promise.resolve(module));
      this.#shared[name] = { [version]: { get: () => Promise.resolve(() => module), loaded: 1, from: "webipy", eager: false } };
    }
  }

  /** The exports of a module of widgets. Rejects with a sentence when there is none. */
  load(module: string): Promise<unknown> {
    let loaded = this.#modules.get(module);
    if (loaded === undefined) {
      loaded = this.#load(module);
      this.#modules.set(module, loaded);
    }
    return loaded;
  }

  async #load(module: string): Promise<unknown> {
    const sources = await this.#ask(module);
    if (sources === null) throw new Error("The code of this widget could not be loaded: there is no connection. Reload the page.");
    let reason: unknown = null;
    for (const source of sources) {
      try {
        const found =
          source.form === "amd" ? await this.#amd(`${source.folder}/${source.entry}`) : await this.#federated(source, sources, module);
        if (found !== undefined) return found;
      } catch (error) {
        reason ??= error;
      }
    }
    throw reason ?? notInstalled(module);
  }

  #ask(module: string): Promise<readonly Source[] | null> {
    return new Promise(resolve => {
      this.#sources.set(module, [...(this.#sources.get(module) ?? []), resolve]);
      this.surroundings.send({ webipy: "module", name: module });
    });
  }

  // ---- AMD

  /** Runs the script of a module, and what it depends on. */
  async #amd(path: string): Promise<unknown> {
    const code = await (await this.#files.file(path)).text();
    const found: Defined[] = [];
    const define = (...given: unknown[]): void => void found.push(definition(given));
    Object.assign(window, { define: Object.assign(define, { amd: {} }) });
    runCode(path, code); // at once: `define` does not name the script that calls it
    Reflect.deleteProperty(window, "define");
    const { needs, factory } = found.at(-1) ?? { needs: [], factory: {} };
    const here = { id: path, uri: BASE + path, exports: {}, config: () => ({}) };
    const needed = await Promise.all(needs.map(name => this.#needed(name, here)));
    const made = typeof factory === "function" ? (factory as (...of: unknown[]) => unknown)(...needed) : factory;
    return made ?? here.exports;
  }

  /** A module that another one depends on: of its own folder, or of a package. */
  async #needed(name: string, here: { id: string; exports: object }): Promise<unknown> {
    if (name === "exports") return here.exports;
    if (name === "module") return here;
    const folder = here.id.slice(0, here.id.lastIndexOf("/"));
    if (name === "require")
      return (names: string[], then: (...modules: unknown[]) => void) =>
        void Promise.all(names.map(one => this.#needed(one, here))).then(all => then(...all));
    const known = this.#modules.get(name);
    if (known !== undefined) return await known;
    const beside = `${folder}/${name.replace(/^\.\//, "").replace(/\.js$/, "")}.js`;
    if (!(await this.#has(beside))) return await this.load(name);
    const module = this.#amd(beside);
    this.#modules.set(name, module);
    return await module;
  }

  #has(path: string): Promise<boolean> {
    return this.#files.file(path).then(
      () => true,
      () => false,
    );
  }

  // ---- federated

  async #federated(source: Source, all: readonly Source[], module: string): Promise<unknown> {
    let started = this.#started.get(source.folder);
    if (started === undefined) {
      await Promise.allSettled(all.filter(one => one.form === "federated").map(one => this.#container(one))); // they may share with each other
      started = this.#start(source);
      this.#started.set(source.folder, started);
    }
    await started;
    const entered = this.#entered.get(module);
    if (entered === undefined) return undefined;
    return await (typeof entered.exports === "function" ? entered.exports() : entered.exports);
  }

  /** The modules of an extension of JupyterLab, which has entered those that it shares. */
  #container(source: Source): Promise<Container> {
    let container = this.#containers.get(source.folder);
    if (container === undefined) {
      container = this.#contain(source);
      this.#containers.set(source.folder, container);
    }
    return container;
  }

  async #contain({ folder, name, entry }: Source): Promise<Container> {
    await this.#files.run(`${folder}/${entry}`);
    const container = (window as unknown as { _JUPYTERLAB?: { [name: string]: Container } })._JUPYTERLAB?.[name];
    if (container === undefined) throw new Error(`The extension ${name} could not be started.`);
    await container.init(this.#shared);
    return container;
  }

  /** Starts an extension. */
  async #start(source: Source): Promise<void> {
    const { extension, style } = source;
    const container = await this.#container(source);
    if (style !== "") (await container.get(style))();
    const module = (await container.get(extension === "" ? "./index" : extension))() as { default?: Plugin | Plugin[] } & Plugin;
    const plugins = [module.default ?? module].flat();
    const registry = { registerWidget: (one: Entered) => void this.#entered.set(one.name, one) };
    for (const { requires = [], optional = [], activate } of plugins) {
      const services = [...requires, ...optional];
      if (services.some(isRegistry)) await activate?.({}, ...services.map(token => (isRegistry(token) ? registry : null)));
    }
  }
}
