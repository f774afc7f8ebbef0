import { useLayoutEffect, useRef } from "preact/hooks";
import { paintText } from "./terminal_paint.ts";

/** Terminal text with its colours, whole. */
export function AnsiText({ text }: { text: string }) {
  const element = useRef<HTMLPreElement>(null);
  useLayoutEffect(() => element.current?.replaceChildren(paintText(text)), [text]);
  return <pre class="text" ref={element} />;
}
