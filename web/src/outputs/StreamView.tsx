/** Stream text: whole while it is short, a window on the line buffer when it is long. */
import { useEffect, useRef, useState } from "preact/hooks";
import { bufferOf, resolvedText } from "../model/stream_lines.ts";
import { t } from "../text/en.ts";
import { forActs, useLazy } from "../ui/lazy.ts";
import { printing } from "../ui/page_state.ts";
import { holdsSelection } from "../ui/terminal_paint.ts";
import { Tools } from "./OutputTools.tsx";
import { ShortText } from "./ShortText.tsx";
import type { StreamProps } from "./stream_props.ts";

/** A stream with more lines, or a line longer than this, gets a window. */
const SHORT_LINES = 40;
const SHORT_UNITS = 20_000;
/** So many as long as a person has text of it selected. */
const MOST_HELD_LINES = 2000;

const longText = forActs(() => import("./LongText.tsx"));

/** The window on a log; its place is as large until its code has come. */
function LongStream(props: StreamProps) {
  const views = useLazy(longText);
  if (views !== null) return <views.LongText {...props} />;
  const { count, written } = bufferOf(props.output);
  return (
    <div class={`log ${props.output.name}`}>
      <div class="view" role="log" aria-live="off" aria-label={props.label} />
      <div class="log-foot">
        <span class="counts">{t.logFoot(count, written, true)}</span>
      </div>
    </div>
  );
}

export function StreamView(props: StreamProps) {
  const short = useRef<HTMLPreElement>(null);
  const { lines, count } = bufferOf(props.output);
  const [grown, setGrown] = useState(false);
  const long = count > SHORT_LINES || lines.some(line => line.text.length > SHORT_UNITS);
  useEffect(() => {
    if (long) setGrown(true);
  }, [long]);
  const isHeld = count < MOST_HELD_LINES && holdsSelection(short.current); // what is selected stays there to be copied
  if ((long || grown) && !isHeld && !printing.value) return <LongStream {...props} />;
  return (
    <Tools label={props.label} kind={t.asText} content={() => resolvedText(props.output)}>
      <ShortText {...props} element={short} />
    </Tools>
  );
}
