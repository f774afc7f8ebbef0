/**
 * Help in the editor of a cell, whose code comes after that of the editor: with the first letter, or when nothing else is to do.
 *
 * Invariant: what was typed before it came is helped with as if it came now; and keys that ask for help are kept until it is there.
 */
import { Compartment, type Extension, Transaction } from "@codemirror/state";
import { EditorView, type KeyBinding } from "@codemirror/view";
import { whenIdle } from "../session/flush_scheduler.ts";
import type { SessionStore } from "../session/store.ts";
import { LazyModule } from "../ui/lazy.ts";
import { complain } from "../ui/notices.ts";
import { asksForList, indent } from "./indentation.ts";

type Assistance = typeof import("./assistance.ts");

const code = new LazyModule<Assistance>(() => import("./assistance.ts"));
const place = new Compartment();
const NOTHING: Extension = [];

/** Fetches the code. */
export const fetchHelp = (): Promise<unknown> => code.fetch();

/** Editors in which somebody typed before their help came. */
const typed = new WeakSet<EditorView>();

/** Puts help into an editor that was made before its code came; nothing as long as that is not there. */
export function equip(view: EditorView, store: SessionStore, cell: string): void {
  if (code.loaded === null || place.get(view.state) !== NOTHING) return;
  const effects = place.reconfigure(code.loaded.assistance(store, cell));
  view.dispatch(typed.has(view) ? { effects, annotations: Transaction.userEvent.of("input.type") } : { effects });
}

/** The help in the editor of a cell, or the place for it. */
export function helping(store: SessionStore, cell: string): Extension {
  const first = EditorView.updateListener.of(({ view, transactions }) => {
    if (place.get(view.state) !== NOTHING || typed.has(view) || !transactions.some(one => one.isUserEvent("input.type"))) return;
    typed.add(view);
    whenIdle(() => code.fetch().then(() => equip(view, store, cell), complain)); // when the letter has been shown
  });
  return [first, place.of(code.loaded?.assistance(store, cell) ?? NOTHING)];
}

/** Does something with help, when it is there. */
function withHelp(view: EditorView, store: SessionStore, cell: string, act: (assistance: Assistance) => unknown): true {
  if (code.loaded !== null) act(code.loaded);
  else
    code.fetch().then(assistance => {
      equip(view, store, cell);
      act(assistance);
    }, complain);
  return true;
}

/** Closes what help shows; true when it was a list, which is all that the key does then. */
export const closeHelp = (view: EditorView): boolean => code.loaded?.closeHelp(view) === true;

/** Shows what the kernel knows of the name before the caret. */
export const inspect = (view: EditorView, store: SessionStore, cell: string): true =>
  withHelp(view, store, cell, assistance => assistance.inspect(store, view));

/** The keys that ask for help. */
export function helpKeys(store: SessionStore, cell: string): readonly KeyBinding[] {
  const tab = (view: EditorView): boolean => {
    if (code.loaded !== null) return code.loaded.tab(view);
    return asksForList(view.state) ? withHelp(view, store, cell, ({ complete }) => complete(view)) : indent(view);
  };
  return [
    { key: "Tab", run: tab },
    { key: "Ctrl-Space", run: view => withHelp(view, store, cell, ({ complete }) => complete(view)) },
  ];
}
