/**
 * Widgets of other packages (ipympl, bqplot, ipyleaflet...): their JavaScript is published as AMD modules under the package's name, and depends on
 * nothing but modules of the same kind and @jupyter-widgets. It comes from a public server, which a person has to allow for the output.
 */
import * as base from "@jupyter-widgets/base";
import * as controls from "@jupyter-widgets/controls";
import type { Surroundings } from "../guest.ts";
import * as output from "./output.ts";

const SERVER = "cdn.jsdelivr.net";

type Factory = ((...modules: unknown[]) => unknown) | object;
interface Defined {
  readonly needs: readonly string[];
  readonly factory: Factory;
}

const modules = new Map<string, Promise<unknown>>([
  ["@jupyter-widgets/base", Promise.resolve(base)],
  ["@jupyter-widgets/controls", Promise.resolve(controls)],
  ["@jupyter-widgets/output", Promise.resolve(output)],
]);

/** What the script that ran last has defined. */
let defined: Defined | null = null;

/** AMD's `define([id,] [dependencies,] factory)`. */
function define(...given: unknown[]): void {
  const factory = given.pop() as Factory;
  const last = given.pop();
  defined = { needs: Array.isArray(last) ? last.map(String) : [], factory };
}
define.amd = {};

function script(address: string): Promise<void> {
  return new Promise((resolve, refuse) => {
    const element = document.createElement("script");
    element.src = address;
    element.addEventListener("load", () => resolve());
    element.addEventListener("error", () => refuse(new Error(`${address} could not be loaded.`)));
    document.head.append(element);
  });
}

/** Scripts run one after the other: `define` does not name the script that calls it. */
let last: Promise<unknown> = Promise.resolve();

async function fetched(address: string): Promise<unknown> {
  const loaded = last.then(async () => {
    Object.assign(window, { define });
    defined = null;
    await script(address);
    Reflect.deleteProperty(window, "define");
    return defined as Defined | null;
  });
  last = loaded.catch(() => {});
  const found = await loaded;
  if (found === null) return undefined;
  const exported = {};
  const here = { id: address, uri: address, exports: exported };
  const given = await Promise.all(
    found.needs.map(name => {
      if (name === "exports") return exported;
      if (name === "module") return here;
      if (name === "require") return undefined;
      return named(name, "");
    }),
  );
  const made = typeof found.factory === "function" ? (found.factory as (...of: unknown[]) => unknown)(...given) : found.factory;
  return made ?? here.exports;
}

function named(name: string, version: string): Promise<unknown> {
  let module = modules.get(name);
  if (module === undefined) {
    const range = version === "" ? "" : `@${version.replace(/^[~^]?(.*)$/, "$1")}`;
    module = fetched(`https://${SERVER}/npm/${name}${range}/dist/index.js`);
    modules.set(name, module);
  }
  return module;
}

export async function loadForeign(module: string, version: string, { hosts }: Surroundings): Promise<unknown> {
  try {
    return await named(module, version);
  } catch (error) {
    if (hosts.includes(SERVER)) throw error;
    throw new Error(`This widget is drawn by the package ${module}, which has to be loaded from ${SERVER}: allow that below.`);
  }
}
