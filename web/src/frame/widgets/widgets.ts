/** Draws Jupyter widgets: ipywidgets 8, anywidget, and those of the packages that the kernel has. */

import { map } from "../../model/json.ts";
import type { Json } from "../../rpc/schema.ts";
import type { Surroundings } from "../guest.ts";
import { FrameManager } from "./manager.ts";
import { showSaved } from "./saved.ts";
import css from "./widgets.css";

function addStyle(text: string): void {
  const style = document.createElement("style");
  style.textContent = text;
  document.head.append(style);
}

/** The font of icons is loaded when the first icon is there to be seen. */
function watchIcons({ file }: Surroundings): void {
  const wanted = ".fa, .fas, .far, [class*='fa-']";
  const look = (): void => {
    if (document.querySelector(wanted) === null) return;
    watch.disconnect();
    void file("icons")
      .then(code => code.text())
      .then(addStyle);
  };
  const watch = new MutationObserver(look);
  watch.observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["class"] });
  look();
}

window.webipy.widgets = {
  async show(type: string, body: Json, surroundings: Surroundings): Promise<void> {
    if (type === "saved-widget") return await showSaved(String(map(body).model_id), map(map(body).models), surroundings.root);
    addStyle(css);
    watchIcons(surroundings);
    await new FrameManager(surroundings).display(String(body), surroundings.root);
  },
};
