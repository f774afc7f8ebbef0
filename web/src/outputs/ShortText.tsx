/** The text of a stream, all of it. Bypasses the framework: the lines are painted by hand. */
import type { RefObject } from "preact";
import { useLayoutEffect } from "preact/hooks";
import { bufferOf } from "../model/stream_lines.ts";
import { reachByKeys } from "../ui/scrolled_boxes.ts";
import { wrapLogs } from "../ui/settings.ts";
import { paintLine, repaint } from "../ui/terminal_paint.ts";
import type { StreamProps } from "./stream_props.ts";

export function ShortText({ output, label, version, element }: StreamProps & { element: RefObject<HTMLPreElement | null> }) {
  useLayoutEffect(() => {
    const { lines, count } = bufferOf(output);
    const fragment = document.createDocumentFragment();
    lines.slice(0, count).forEach((line, at) => {
      if (at > 0) fragment.append("\n");
      paintLine(line, fragment);
    });
    if (element.current === null) return;
    repaint(element.current, fragment);
    reachByKeys(element.current, label);
  }, [output, output.length, version]);
  return (
    <pre
      class={`text stream ${output.name}${wrapLogs.value ? " wrapped" : ""}`}
      ref={element}
      role="log"
      aria-live="off"
      aria-label={label}
    />
  );
}
