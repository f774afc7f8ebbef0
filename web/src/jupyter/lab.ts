/** Runs in pages of JupyterLab and Notebook before their own scripts: they put their application under this name when it begins to start. */
import { type App, follow } from "./follow.ts";
import { addWayBack, type Shell } from "./way_back.ts";

Object.defineProperty(window, "jupyterapp", {
  configurable: true,
  get: () => undefined,
  set: (app: App & Shell) => {
    Object.defineProperty(window, "jupyterapp", { configurable: true, writable: true, value: app });
    follow(app);
    addWayBack(app);
  },
});
