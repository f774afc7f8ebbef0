/**
 * The Output widget: it shows outputs (nbformat 4.5) that its model holds. Which outputs belong to it is decided by the server, so they are
 * kept when no page is open.
 *
 * An output that has not changed keeps its element: a loop that prints does not draw its figures again.
 */
import { DOMWidgetModel, DOMWidgetView } from "@jupyter-widgets/base";
import { MessageLoop } from "@lumino/messaging";
import { Widget } from "@lumino/widgets";
import { Marked } from "marked";
import { figureOf } from "../../model/figure_forms.ts";
import { map, text } from "../../model/json.ts";
import { best, formText } from "../../model/mime.ts";
import type { Json, JsonMap } from "../../rpc/schema.ts";
import { paintText } from "../../ui/terminal_paint.ts";
import type { Surroundings } from "../guest.ts";
import { setFormulas } from "./formulas.ts";

/** What an output needs of the widgets around it. */
export interface WidgetsAround {
  readonly surroundings: Surroundings;
  /** Draws a view of a model. */
  display(id: string, into: HTMLElement): Promise<void>;
}

/** Puts a view into the document, and resizes it with its place. */
export function attach(view: DOMWidgetView, into: HTMLElement): void {
  Widget.attach(view.luminoWidget, into);
  const watch = new ResizeObserver(() => {
    if (view.luminoWidget.isDisposed) watch.disconnect();
    else MessageLoop.postMessage(view.luminoWidget, Widget.ResizeMessage.UnknownSize);
  });
  watch.observe(into);
}

function pre(content: string, className: string): HTMLElement {
  const element = document.createElement("pre");
  element.className = className;
  element.append(paintText(content));
  return element;
}

async function showBundle(data: JsonMap, into: HTMLElement, place: WidgetsAround): Promise<void> {
  const { surroundings } = place;
  const figure = figureOf(data);
  if (figure?.kind === "widget") return await place.display(String(map(data[figure.type]).model_id), into);
  if (figure !== null && figure.kind !== "bokeh") return await surroundings.figure(figure.kind, data[figure.type] ?? null, into);
  const type = best(data);
  const content = type === null ? "" : formText(data, type);
  switch (type) {
    case null:
      return;
    case "text/html":
    case "image/svg+xml":
      return await surroundings.showHtml(content, into);
    case "application/javascript":
      return await surroundings.showHtml(`<script>${content.replaceAll("</script", "<\\/script")}</script>`, into);
    case "text/markdown":
      await surroundings.showHtml(await new Marked({ gfm: true }).parse(content), into);
      setFormulas(into, surroundings);
      return;
    case "text/latex":
      into.textContent = content;
      setFormulas(into, surroundings);
      return;
    case "application/json":
      into.append(pre(JSON.stringify(data[type], null, 2), "text"));
      return;
    case "text/plain":
      into.append(pre(content, "text"));
      return;
    default: {
      const image = new Image();
      image.src = `data:${type};base64,${content.replace(/\s+/g, "")}`;
      into.append(image);
    }
  }
}

function showOutput(output: JsonMap, into: HTMLElement, place: WidgetsAround): Promise<void> | void {
  if (output.output_type === "stream") into.append(pre(text(output.text), `text ${String(output.name)}`));
  else if (output.output_type === "error") {
    const lines = Array.isArray(output.traceback) ? output.traceback.map(String).join("\n") : "";
    into.append(pre(lines === "" ? `${text(output.ename)}: ${text(output.evalue)}` : lines, "text stderr"));
  } else return showBundle(map(output.data), into, place);
}

export class OutputModel extends DOMWidgetModel {
  override defaults(): object {
    return {
      ...super.defaults(),
      _model_name: "OutputModel",
      _view_name: "OutputView",
      _model_module: "@jupyter-widgets/output",
      _view_module: "@jupyter-widgets/output",
      msg_id: "",
      outputs: [],
    };
  }
}

export class OutputView extends DOMWidgetView {
  #shown: { readonly key: string; readonly element: HTMLElement }[] = [];

  override render(): void {
    this.el.classList.add("jupyter-widgets", "widget-output", "jupyter-widgets-output");
    this.listenTo(this.model, "change:outputs", () => this.#draw());
    this.#draw();
  }

  #draw(): void {
    const outputs = (this.model.get("outputs") ?? []) as Json[];
    const place = this.model.widget_manager as unknown as WidgetsAround;
    const before = this.#shown;
    this.#shown = outputs.map((output, at) => {
      const key = JSON.stringify(output);
      const kept = before[at];
      if (kept?.key === key) return kept;
      const element = document.createElement("div");
      element.className = "one-output";
      const drawn = async (): Promise<void> => await showOutput(map(output), element, place);
      drawn().catch((error: unknown) => element.append(pre(String(error), "error")));
      return { key, element };
    });
    this.#shown.forEach(({ element }, at) => {
      if (this.el.children[at] !== element) this.el.insertBefore(element, this.el.children[at] ?? null);
    });
    while (this.el.children.length > this.#shown.length) this.el.lastElementChild?.remove();
  }
}
