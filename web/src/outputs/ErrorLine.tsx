import type { ErrorOutput } from "../model/types.ts";
import { t } from "../text/en.ts";
import { plainText } from "../ui/terminal_paint.ts";

/** The first line of a traceback: what went wrong. */
export function ErrorLine({ output }: { output: ErrorOutput }) {
  return (
    <summary>
      <b>{output.name.trim() === "" && output.value.trim() === "" ? t.namelessError : output.name}</b>{" "}
      <span>{plainText(output.value)}</span>
    </summary>
  );
}
