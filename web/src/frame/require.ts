/**
 * RequireJS, for outputs that use `require` and `define` as in the classic notebook. Its text is run as a script: what it declares is global.
 *
 * A library that is there already as a global is a module of its name, too: `require(["plotly"])` gets it.
 */
import source from "requirejs/require.js";

type Define = (name: string, needs: readonly string[], make: () => unknown) => void;

const script = document.createElement("script");
script.text = source;
document.head.append(script);
script.remove();

const define = Reflect.get(window, "define") as Define;
for (const [name, global] of [
  ["jquery", "jQuery"],
  ["plotly", "Plotly"],
] as const)
  if (global in window) define(name, [], () => Reflect.get(window, global));
