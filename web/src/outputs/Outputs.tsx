/** What a run has put out, in order, and what it asks. */
import { useMemo, useState } from "preact/hooks";
import { errorLine } from "../model/outputs.ts";
import { promptsOf } from "../model/select.ts";
import type { ErrorOutput, Output, RichOutput } from "../model/types.ts";
import type { Open } from "../session/open_session.ts";
import { t } from "../text/en.ts";
import { Icon } from "../ui/icons.tsx";
import { forActs, lazily, useLazy } from "../ui/lazy.ts";
import { printing } from "../ui/page_state.ts";
import { plainText } from "../ui/terminal_paint.ts";
import { ErrorLine } from "./ErrorLine.tsx";
import { largeOf } from "./large.ts";
import { Tools } from "./OutputTools.tsx";
import { PaintedOutput } from "./place.ts";
import { RichView } from "./RichView.tsx";
import { StreamView } from "./StreamView.tsx";

const MOST_AT_ONCE = 200;

const StdinField = lazily(forActs(async () => (await import("./StdinField.tsx")).StdinField));
const LargeView = lazily(forActs(async () => (await import("./LargeView.tsx")).LargeView));
const tracebacks = forActs(() => import("./Traceback.tsx"));

interface Shown {
  readonly open: Open;
  readonly run: string;
  readonly output: Output;
  readonly label: string;
  readonly version: number;
  /** Whether it came from a run of this session, and not with the document. */
  readonly ran: boolean;
}

/** One output, with its place. */
function OutputView({ cell, at, ...shown }: Shown & { cell: string | null; at: number }) {
  const { run, output } = shown;
  const place = useMemo(() => ({ run, key: output.key, inCell: cell === null ? null : { cell, at } }), [run, output.key, cell, at]);
  return (
    <PaintedOutput.Provider value={place}>
      <AnyOutputView {...shown} />
    </PaintedOutput.Provider>
  );
}

/** What went wrong; where, when its code has come. */
function ErrorView({ open, output }: { open: Open; output: ErrorOutput }) {
  const views = useLazy(tracebacks);
  if (views !== null) return <views.Traceback open={open} output={output} />;
  return (
    <details class="tb" open>
      <ErrorLine output={output} />
    </details>
  );
}

function AnyOutputView({ open, run, output, label, version, ran }: Shown) {
  if (output.kind === "stream")
    return (
      <StreamView
        store={open.store}
        run={run}
        output={output}
        version={version}
        label={`${output.name === "stderr" ? t.stderr : t.stdout}, ${label}`}
      />
    );
  if (output.kind === "error")
    return (
      <Tools label={label} kind={t.asText} content={() => plainText(output.traceback.join("\n")) || errorLine(output)}>
        <ErrorView open={open} output={output} />
      </Tools>
    );
  return <RichOutputView open={open} output={output} label={label} ran={ran} />;
}

function RichOutputView({ open, output, label, ran }: Omit<Shown, "run" | "version"> & { output: RichOutput }) {
  const shown = { data: output.data, metadata: output.metadata, revision: output.revision, label, ran };
  const isLarge = largeOf(output.metadata).length > 0;
  return isLarge ? <LargeView session={open.store.id} {...shown} /> : <RichView {...shown} />;
}

export function Outputs({ open, run, label, scrolled = false }: { open: Open; run: string; label: string; scrolled?: boolean }) {
  const { store } = open;
  const version = store.runVersion(run).value;
  const [chosen, setMost] = useState(MOST_AT_ONCE);
  const most = printing.value ? Number.POSITIVE_INFINITY : chosen;
  const found = store.model.runs.get(run);
  if (found === undefined) return null;
  const missed = store.missed.get(run);
  const prompts = promptsOf(store.model, run);
  if (found.outputs.length === 0 && prompts.length === 0) return null;
  const hidden = found.outputs.length - most;
  const { cell } = found;
  const isOfCell = cell !== null && store.cellOf(cell)?.run === run;
  return (
    <div class={scrolled ? "out scrolled" : "out"} {...(scrolled ? { tabIndex: 0, role: "group", "aria-label": label } : {})}>
      {missed !== undefined && (
        <div class="catch">
          <Icon name="history" />
          {missed.absence === "closed" ? t.caughtClosed(missed.lines) : t.caughtOffline(missed.lines)}
        </div>
      )}
      {found.outputs.slice(0, most).map((output, at) => (
        <OutputView
          key={output.key}
          open={open}
          run={run}
          output={output}
          cell={isOfCell ? cell : null}
          at={at}
          label={label}
          version={version}
          ran={!found.kept}
        />
      ))}
      {hidden > 0 && (
        <button type="button" class="btn" onClick={() => setMost(most + 5 * MOST_AT_ONCE)}>
          {t.showOutputs(hidden)}
        </button>
      )}
      {prompts.map(prompt => (
        <StdinField key={prompt.request} open={open} prompt={prompt} />
      ))}
    </div>
  );
}
