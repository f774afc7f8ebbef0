/**
 * Bokeh shows a figure in parts that each is an output of its own: once for a kernel the code that loads BokehJS, then for each figure the
 * element that it stands in and the script that draws it there. A sealed frame gets all of them: frames share nothing.
 */

import { formText } from "../model/mime.ts";
import type { RichOutput } from "../model/types.ts";
import type { JsonMap } from "../rpc/schema.ts";
import { open } from "../session/open_session.ts";
import type { Guest } from "./sealed_frame.ts";

const LOAD = "application/vnd.bokehjs_load.v0+json";
const SCRIPT = "application/javascript";

const isRich = (output: { kind: string }): output is RichOutput => output.kind === "rich";

/** The outputs of the session in their order, up to the one with this data. */
function outputsBefore(data: JsonMap): RichOutput[] {
  const found: RichOutput[] = [];
  for (const run of open.value?.store.model.runs.values() ?? []) {
    const outputs = run.outputs.filter(isRich);
    const at = outputs.findIndex(output => output.data === data);
    if (at >= 0) return [...found, ...outputs.slice(0, at)];
    found.push(...outputs);
  }
  return found;
}

/** The ids of the elements that the script draws into. */
function places(script: string): string[] {
  const roots = /"roots":\s*(\{[^{}]*\})/.exec(script)?.[1];
  try {
    const ids: unknown = JSON.parse(roots ?? "{}");
    return typeof ids === "object" && ids !== null ? Object.values(ids).filter((id): id is string => typeof id === "string") : [];
  } catch {
    return [];
  }
}

export function bokehGuest(data: JsonMap): Guest {
  const script = formText(data, SCRIPT);
  const before = outputsBefore(data);
  const loader = before.findLast(output => output.data[LOAD] !== undefined);
  const holder = document.createElement("div");
  for (const id of places(script)) {
    const place = document.createElement("div");
    place.id = id;
    holder.append(place);
  }
  const code = script.replaceAll("</script", "<\\/script");
  const scripts = loader === undefined ? [] : [formText(loader.data, SCRIPT) || formText(loader.data, LOAD)];
  return { type: "text/html", body: `${holder.innerHTML}<script>${code}</script>`, before: scripts };
}
