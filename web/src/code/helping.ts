/**
 * Help in the editor of a cell, whose code comes after that of the editor: with the first letter, or when nothing else is to do.
 *
 * Invariant: what was typed before it came is helped with as if it were typed now, and keys that ask for help are kept until it is there.
 */
import { Compartment, type Extension, Transaction } from "@codemirror/state";
import { type EditorView, type KeyBinding, ViewPlugin } from "@codemirror/view";
import { whenIdle } from "../session/flush_scheduler.ts";
import type { SessionStore } from "../session/store.ts";
import { LazyModule } from "../ui/lazy.ts";
import { complain } from "../ui/notices.ts";
import { asksForList, indent } from "./indentation.ts";

type Assistance = typeof import("./assistance.ts");

const code = new LazyModule<Assistance>(() => import("./assistance.ts"));
const place = new Compartment();
const NOTHING: Extension = [];

/** For each editor that was made before the code came: what puts help into it. */
const waiting = new Set<() => void>();

/** Fetches the code, and puts help into the editors that are there. */
export async function fetchHelp(): Promise<Assistance> {
  const assistance = await code.fetch();
  for (const equip of [...waiting]) equip();
  return assistance;
}

/** The help in the editor of a cell, or the place for it. */
export function helping(store: SessionStore, cell: string): Extension {
  const waits = ViewPlugin.define(view => {
    let typed = false;
    const isWaiting = (): boolean => place.get(view.state) === NOTHING;
    const equip = (): void => {
      if (!waiting.delete(equip) || code.loaded === null || !isWaiting()) return;
      view.dispatch({ effects: place.reconfigure(code.loaded.assistance(store, cell)) });
      if (typed) view.dispatch({ annotations: Transaction.userEvent.of("input.type") }); // help that has just come sees what comes after it
    };
    if (isWaiting()) waiting.add(equip);
    if (code.loaded !== null) queueMicrotask(equip); // not while the view is being made
    return {
      update({ transactions }) {
        if (typed || !isWaiting() || !transactions.some(one => one.isUserEvent("input.type"))) return;
        typed = true;
        const again = (): void => {
          typed = false; // nobody asked: the next letter tries again
        };
        whenIdle(() => void fetchHelp().catch(again)); // when the letter has been shown
      },
      destroy() {
        waiting.delete(equip);
      },
    };
  });
  return [waits, place.of(code.loaded?.assistance(store, cell) ?? NOTHING)];
}

/** Does something with help, when it is there. */
function withHelp(act: (assistance: Assistance) => unknown): true {
  if (code.loaded !== null) act(code.loaded);
  else fetchHelp().then(act, complain);
  return true;
}

/** Closes what help shows; true when it was a list, which is all that the key does then. */
export const closeHelp = (view: EditorView): boolean => code.loaded?.closeHelp(view) === true;

/** Shows what the kernel knows of the name before the caret. */
export const inspect = (store: SessionStore, view: EditorView): true => withHelp(help => help.inspect(store, view));

/** Asks for completions. */
const complete = (view: EditorView): true => withHelp(help => help.complete(view));

/** The keys that ask for help. */
export const helpKeys: readonly KeyBinding[] = [
  { key: "Tab", run: view => code.loaded?.tab(view) ?? (asksForList(view.state) ? complete(view) : indent(view)) },
  { key: "Ctrl-Space", run: complete },
];
