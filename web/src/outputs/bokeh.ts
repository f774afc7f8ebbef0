/**
 * Bokeh shows a figure in parts that each is an output of its own: once for a kernel the code that loads BokehJS, then for each figure the
 * element that it stands in and the script that draws it there. The frame of a figure gets the last two; the code comes before it (earlier_outputs.ts).
 */

import { formText } from "../model/mime.ts";
import type { JsonMap } from "../rpc/schema.ts";
import type { Guest } from "./sealed_frame.ts";

const SCRIPT = "application/javascript";

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
  const holder = document.createElement("div");
  for (const id of places(script)) {
    const place = document.createElement("div");
    place.id = id;
    holder.append(place);
  }
  const code = script.replaceAll("</script", "<\\/script");
  return { type: "text/html", body: `${holder.innerHTML}<script>${code}</script>` };
}
