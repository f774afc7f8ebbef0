/** The line that code waits for. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Prompt } from "../model/types.ts";
import { focused, keyPlace } from "../session/key_place.ts";
import type { Open } from "../session/open_session.ts";
import { may } from "../session/permissions.ts";
import { t } from "../text/en.ts";
import { p } from "../text/people.ts";

/** Whether the focus may go to a question: nobody writes, works in a frame or a field, or has text selected that they may copy next. */
function isFocusFree(): boolean {
  const place = keyPlace();
  return place === "editor" ? focused()?.textContent === "" : place !== "own" && place !== "text";
}

/** The line that `input()` or `getpass()` waits for. */
export function StdinField({ open, prompt }: { open: Open; prompt: Prompt }) {
  const field = useRef<HTMLInputElement>(null);
  const [sent, setSent] = useState(false);
  useEffect(() => {
    if (isFocusFree()) field.current?.focus({ preventScroll: true });
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
