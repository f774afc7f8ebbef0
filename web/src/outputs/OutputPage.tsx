/** One output in a tab of its own: a long text with what finds and wraps in it; it goes on growing while its cell runs. */
import { useEffect, useMemo } from "preact/hooks";
import { formText } from "../model/mime.ts";
import { errorLine } from "../model/outputs.ts";
import type { Output, StreamOutput } from "../model/types.ts";
import { cellAddress } from "../session/cell_link.ts";
import { loadOmitted } from "../session/omitted_text.ts";
import type { Open } from "../session/open_session.ts";
import type { OutputPlace } from "../session/route.ts";
import { t } from "../text/en.ts";
import { complain } from "../ui/notices.ts";
import { LargeView } from "./LargeView.tsx";
import { LongText } from "./LongText.tsx";
import { largeOf } from "./large.ts";

/** A text as what was printed, so that it is shown as a log is. */
const asPrinted = (key: number, text: string): StreamOutput => ({
  kind: "stream",
  key,
  name: "stdout",
  pieces: [text],
  length: text.length,
  omitted: null,
});

function textOf(output: Output): string {
  if (output.kind === "error") return output.traceback.join("\n") || errorLine(output);
  return output.kind === "stream" ? "" : formText(output.data, "text/plain");
}

function Shown({ open, run, output, label, version }: { open: Open; run: string; output: Output; label: string; version: number }) {
  const { store } = open;
  const revision = output.kind === "rich" ? output.revision : 0;
  const log = useMemo(() => (output.kind === "stream" ? output : asPrinted(output.key, textOf(output))), [output, revision]);
  useEffect(() => {
    if (output.kind === "stream") loadOmitted(store, run, output).catch(complain);
  }, [output]);
  if (output.kind === "rich" && largeOf(output.metadata).length > 0)
    return <LargeView session={store.id} data={output.data} metadata={output.metadata} revision={output.revision} label={label} />;
  return <LongText store={store} run={run} output={log} label={label} version={version} fromStart={output.kind !== "stream"} />;
}

export function OutputPage({ open, place }: { open: Open; place: OutputPlace }) {
  const { store } = open;
  store.head.value;
  const cell = store.cellOf(place.cell);
  const run = cell?.run ?? null;
  const version = store.runVersion(run ?? "").value;
  const output = run === null ? undefined : store.model.runs.get(run)?.outputs[place.at];
  const label = t.output(store.indexOf(place.cell) + 1);
  const title = `${label} · ${store.model.title || t.untitled}`;
  useEffect(() => {
    document.title = title;
  }, [title]);
  const isReady = store.loadState.value === "ready";
  return (
    <main class="output-page">
      <header>
        <h1>{title}</h1>
        {cell !== undefined && <a href={cellAddress(store, place.cell)}>{t.toCell}</a>}
      </header>
      {output === undefined || run === null ? (
        <p class="quiet" role="status">
          {isReady ? t.noOutput : store.loadState.value === "opening" ? t.opening : store.problem.value || t.noSuchSessionBody}
        </p>
      ) : (
        <Shown key={output.key} open={open} run={run} output={output} label={label} version={version} />
      )}
    </main>
  );
}
