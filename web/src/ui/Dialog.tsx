/** A modal dialog: the browser's own, which traps the focus, closes on Esc, and gives the focus back. */
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../text/en.ts";
import { closeDialog } from "./focus_return.ts";
import { Icon } from "./icons.tsx";

export function Dialog(props: { title: string; onClose(): void; children: ComponentChildren; foot?: ComponentChildren; wide?: boolean }) {
  const element = useRef<HTMLDialogElement>(null);
  const title = useId(); // one dialog may ask something in front of another
  // Before the next key: what is typed at once is for the dialog, and no code.
  useLayoutEffect(() => {
    const before = document.activeElement;
    const shown = element.current;
    shown?.showModal();
    return () => {
      closeDialog(shown, before);
    };
  }, []);
  return (
    <dialog
      ref={element}
      class={props.wide === true ? "dialog wide" : "dialog"}
      aria-labelledby={title}
      onCancel={event => {
        event.preventDefault();
        props.onClose();
      }}
      onClick={event => {
        if (event.target === element.current) props.onClose();
      }}
      onKeyDown={event => event.stopPropagation()}
    >
      <div class="head">
        <h2 id={title}>{props.title}</h2>
        <button type="button" class="btn ghost icon" aria-label={t.close} onClick={() => props.onClose()}>
          <Icon name="cross" />
        </button>
      </div>
      <div class="body" tabIndex={props.foot === undefined ? 0 : -1} autofocus={props.foot === undefined}>
        {props.children}
      </div>
      {props.foot !== undefined && <div class="ft">{props.foot}</div>}
    </dialog>
  );
}

/** A question with one answer that does something. */
export function Ask(props: {
  title: string;
  body: string;
  act: string;
  danger?: boolean;
  onAct(): void;
  onClose(): void;
  /** Called instead of `onClose` when the answer is no. */
  onNo?(): void;
}) {
  const no = (): void => (props.onNo ?? props.onClose)();
  return (
    <Dialog
      title={props.title}
      onClose={no}
      foot={
        <>
          <span class="grow" />
          <button type="button" class="btn" onClick={no}>
            {t.cancel}
          </button>
          <button
            type="button"
            class={props.danger === true ? "btn bad" : "btn main"}
            autofocus
            onClick={() => {
              props.onClose();
              props.onAct();
            }}
          >
            {props.act}
          </button>
        </>
      }
    >
      <p>{props.body}</p>
    </Dialog>
  );
}

/** A question whose answer is a line of text. */
export function AskText(props: {
  title: string;
  body?: string;
  label: string;
  initial: string;
  act: string;
  most?: number;
  /** What is selected at first: all of it, or the name without its suffix. */
  stem?: boolean;
  onAct(text: string): void;
  onClose(): void;
}) {
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    const dot = props.stem === true ? props.initial.lastIndexOf(".") : -1;
    field.current?.focus();
    field.current?.setSelectionRange(0, dot > 0 ? dot : props.initial.length);
  }, []);
  const submit = (event: Event): void => {
    event.preventDefault();
    const text = field.current?.value.trim() ?? "";
    if (text === "") return;
    props.onClose();
    props.onAct(text);
  };
  return (
    <Dialog
      title={props.title}
      onClose={props.onClose}
      foot={
        <>
          <span class="grow" />
          <button type="button" class="btn" onClick={() => props.onClose()}>
            {t.cancel}
          </button>
          <button type="submit" class="btn main" form="ask-text">
            {props.act}
          </button>
        </>
      }
    >
      <form id="ask-text" onSubmit={submit}>
        {props.body !== undefined && <p>{props.body}</p>}
        <label class="field">
          {props.label}
          <input
            class="input"
            ref={field}
            defaultValue={props.initial}
            maxLength={props.most ?? 4096}
            autocomplete="off"
            spellcheck={false}
          />
        </label>
      </form>
    </Dialog>
  );
}
