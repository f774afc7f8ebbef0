/** What a run has put out, in order, and what it asks. */
import { useEffect, useRef, useState } from "preact/hooks";
import { promptsOf } from "../model/select.ts";
import type { Output, Prompt } from "../model/types.ts";
import type { Open } from "../session/open_session.ts";
import { may } from "../session/permissions.ts";
import { t } from "../text/en.ts";
import { p } from "../text/people.ts";
import { r } from "../text/rich.ts";
import { Icon } from "../ui/icons.tsx";
import { plainText } from "../ui/terminal_paint.ts";
import { LargeView } from "./LargeView.tsx";
import { largeOf } from "./large.ts";
import { Tools } from "./OutputTools.tsx";
import { RichView } from "./RichView.tsx";
import { StreamView } from "./StreamView.tsx";
import { Traceback } from "./Traceback.tsx";

const MOST_AT_ONCE = 200;

function OutputView({ open, run, output, label, version }: { open: Open; run: string; output: Output; label: string; version: number }) {
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
      <Tools label={label} kind={r.text} content={() => plainText(output.traceback.join("\n")) || `${output.name}: ${output.value}`}>
        <Traceback open={open} output={output} />
      </Tools>
    );
  const shown = { data: output.data, metadata: output.metadata, revision: output.revision, label };
  return largeOf(output.metadata).length > 0 ? <LargeView session={open.store.id} {...shown} /> : <RichView {...shown} />;
}

/** Whether a person is in the middle of some text: then the focus is not taken away. */
function isWritingElsewhere(): boolean {
  const at = document.activeElement;
  if (at instanceof HTMLInputElement) return true;
  return at instanceof HTMLElement && at.isContentEditable && at.textContent !== "";
}

/** The line that `input()` or `getpass()` waits for. */
export function StdinField({ open, prompt }: { open: Open; prompt: Prompt }) {
  const field = useRef<HTMLInputElement>(null);
  const [sent, setSent] = useState(false);
  useEffect(() => {
    if (!isWritingElsewhere()) field.current?.focus({ preventScroll: true });
  }, []);
  if (!may("execute")) return <p class="hidden-part">{p.waitsForOther}</p>;
  const submit = (event: Event): void => {
    event.preventDefault();
    setSent(true);
    open.actions.runs.answer(prompt.request, field.current?.value ?? "");
  };
  const shared = { ref: field, autocomplete: "off", spellcheck: false, disabled: sent } as const;
  return (
    <form class="stdin" onSubmit={submit} onKeyDown={event => event.stopPropagation()}>
      {/* biome-ignore lint/a11y/noLabelWithoutControl: one of the two fields is inside */}
      <label>
        <span class="stdin-prompt">{prompt.prompt || t.answer}</span>
        {prompt.password ? (
          <input {...shared} type="password" placeholder={t.hidden} />
        ) : (
          <input {...shared} type="text" placeholder={t.answerPlaceholder} />
        )}
      </label>
      <button type="submit" class="btn" disabled={sent}>
        {t.send}
      </button>
    </form>
  );
}

export function Outputs({ open, run, label, scrolled = false }: { open: Open; run: string; label: string; scrolled?: boolean }) {
  const { store } = open;
  const version = store.runVersion(run).value;
  const [most, setMost] = useState(MOST_AT_ONCE);
  const found = store.model.runs.get(run);
  if (found === undefined) return null;
  const missed = store.missed.get(run);
  const prompts = promptsOf(store.model, run);
  if (found.outputs.length === 0 && prompts.length === 0) return null;
  const hidden = found.outputs.length - most;
  return (
    <div class={scrolled ? "out scrolled" : "out"} {...(scrolled ? { tabIndex: 0, role: "group", "aria-label": label } : {})}>
      {missed !== undefined && (
        <div class="catch">
          <Icon name="history" />
          {missed.absence === "closed" ? t.caughtClosed(missed.lines) : t.caughtOffline(missed.lines)}
        </div>
      )}
      {found.outputs.slice(0, most).map(output => (
        <OutputView key={output.key} open={open} run={run} output={output} label={label} version={version} />
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
