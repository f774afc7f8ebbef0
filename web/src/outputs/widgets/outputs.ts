/** The outputs inside of an Output widget, folded as those of an execution are (model/reduce.ts), into nbformat 4.5. */

import { text } from "../../model/json.ts";
import type { Json, JsonMap } from "../../rpc/schema.ts";

interface Item {
  output: JsonMap;
  readonly displayId: string | null;
}

export class OutputFold {
  #items: Item[] = [];
  #clearNext = false;

  list(): Json[] {
    return this.#items.map(one => one.output);
  }

  replace(outputs: Json): void {
    this.#clearNext = false;
    this.#items = [];
    for (const output of Array.isArray(outputs) ? outputs : [])
      if (typeof output === "object" && output !== null && !Array.isArray(output)) this.add(output, null);
  }

  add(output: JsonMap, displayId: string | null): void {
    if (this.#clearNext) this.#items = [];
    this.#clearNext = false;
    const last = this.#items.at(-1);
    if (output.output_type === "stream" && last?.output.output_type === "stream" && last.output.name === output.name)
      last.output = { ...last.output, text: joined(last.output.text) + joined(output.text) };
    else this.#items.push({ output, displayId });
  }

  clear(wait: boolean): void {
    this.#clearNext = wait;
    if (!wait) this.#items = [];
  }

  /** Whether something was shown under that display id. */
  update(displayId: string, data: Json, metadata: Json): boolean {
    const shown = this.#items.filter(one => one.displayId === displayId);
    for (const one of shown) one.output = { ...one.output, data, metadata };
    return shown.length > 0;
  }
}

/** nbformat allows lists of lines. */
const joined = (value: Json | undefined): string => (Array.isArray(value) ? value.map(text).join("") : text(value));
