import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../text/en.ts";
import { reachByKeys } from "./scrolled_boxes.ts";
import { wrapLogs } from "./settings.ts";
import { paintText } from "./terminal_paint.ts";

/** Terminal text with its colours, whole. */
export function AnsiText({ text }: { text: string }) {
  const element = useRef<HTMLPreElement>(null);
  useLayoutEffect(() => {
    if (element.current === null) return;
    element.current.replaceChildren(paintText(text));
    reachByKeys(element.current, t.wideText);
  }, [text]);
  return <pre class={wrapLogs.value ? "text wrapped" : "text"} ref={element} />;
}
