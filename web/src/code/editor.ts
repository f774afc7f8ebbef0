/** The editor of a cell: made when the cell is edited, taken down when it is left; its state (text, history, selection) stays in the draft. */
import { defaultKeymap, deleteLine, history, historyKeymap, indentLess, selectLine } from "@codemirror/commands";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, type KeyBinding, keymap, lineNumbers, tooltips } from "@codemirror/view";
import { effect, untracked } from "@preact/signals";
import { languageOf } from "../model/select.ts";
import type { Actions } from "../session/actions.ts";
import type { Open } from "../session/open_session.ts";
import { mode } from "../session/selection.ts";
import type { SessionStore } from "../session/store.ts";
import { pictureIn } from "../ui/dropped_files.ts";
import { MAC } from "../ui/keys.ts";
import { forActs, LazyModule } from "../ui/lazy.ts";
import { complain } from "../ui/notices.ts";
import { closesBrackets, indentWidth, keySet } from "../ui/settings.ts";
import { closeBrackets, closeBracketsKeymap } from "./brackets.ts";
import { CellDraft } from "./cell_draft.ts";
import { cursors } from "./cursors.ts";
import { closeHelp, helping, helpKeys, inspect } from "./helping.ts";
import { indent } from "./indentation.ts";
import { Outbox } from "./outbox.ts";
import { pythonLanguage } from "./python_language.ts";
import { recall } from "./recall.ts";
import { theme } from "./theme.ts";

type Place = { x: number; y: number } | { line: number } | { offset: number } | "start" | "end" | null;

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";

/** The keys that are the page's own and that the editor must leave alone. */
const PAGE_KEYS = new Set(["Mod-Enter", "Shift-Enter", "Alt-Enter"]);
const without = (bindings: readonly KeyBinding[]): KeyBinding[] => bindings.filter(one => !PAGE_KEYS.has(one.key ?? ""));

/** Leaves the editor, once the list of completions is closed; help that stands over the text goes along. */
function leave(view: EditorView): boolean {
  if (closeHelp(view)) return true;
  mode.value = "command";
  return true;
}

/** Whether the caret stands in the first (-1) or the last (1) row of the text as it is shown, with nothing selected. */
function isAtEdge(view: EditorView, by: -1 | 1): boolean {
  const { main, ranges } = view.state.selection;
  if (!main.empty || ranges.length > 1) return false;
  const at = view.coordsAtPos(main.head);
  const edge = view.coordsAtPos(by < 0 ? 0 : view.state.doc.length);
  return at !== null && edge !== null && Math.abs(at.top - edge.top) < (at.bottom - at.top) / 2;
}

/** An arrow at the edge of a cell goes into the next one. */
const cross = (actions: Actions, by: -1 | 1) => (view: EditorView) => {
  if (!isAtEdge(view, by)) return false;
  const { head } = view.state.selection.main;
  return actions.cross(by, head - view.state.doc.lineAt(head).from);
};

/** Shift-Tab takes indentation away; where there is none and the caret is behind a name, it shows what the kernel knows of it. */
const dedent = (store: SessionStore | null) => (view: EditorView) => {
  const { state } = view;
  const { main, ranges } = state.selection;
  const isIndented = ({ from, to }: { from: number; to: number }): boolean =>
    /^[ \t]/m.test(state.sliceDoc(state.doc.lineAt(from).from, state.doc.lineAt(to).to));
  if (ranges.some(isIndented)) return indentLess(view);
  const line = state.doc.lineAt(main.head);
  if (store !== null && main.empty && /[\w)\]]$/.test(line.text.slice(0, main.head - line.from))) return inspect(store, view);
  return true; // never out of the editor
};

const occurrences = new LazyModule(() => import("./occurrences.ts"));

/** Does something with the other occurrences of what is selected, when the code for it is there. */
function withOccurrences(act: (module: typeof import("./occurrences.ts")) => unknown): true {
  if (occurrences.loaded !== null) act(occurrences.loaded);
  else occurrences.fetch().then(act, complain);
  return true;
}

const nextOccurrence = (view: EditorView): true => withOccurrences(one => one.selectNextOccurrence(view));

function keys({ store, actions }: Open, isCode: boolean): Extension {
  const split = (view: EditorView): boolean => {
    actions.splitMerge.split(view.state.selection.main.head);
    return true;
  };
  const own: KeyBinding[] = [
    { key: "Escape", run: leave },
    { key: "Ctrl-m", run: leave },
    { key: "Ctrl-Shift--", run: split },
    { key: "Ctrl-Shift-_", run: split },
    { key: "Mod-d", run: view => (keySet.value === "colab" ? nextOccurrence(view) : deleteLine(view)), preventDefault: true },
    { key: "Mod-Shift-d", run: nextOccurrence },
    { key: "Mod-Shift-l", run: view => withOccurrences(one => one.selectSelectionMatches(view)) },
    { key: "Mod-l", run: selectLine },
    { key: "ArrowUp", run: cross(actions, -1) },
    { key: "ArrowDown", run: cross(actions, 1) },
    ...(isCode ? helpKeys : [{ key: "Tab", run: indent }]),
    { key: "Shift-Tab", run: dedent(isCode ? store : null) },
  ];
  const before = (by: 1 | -1) => (view: EditorView) => keySet.value === "jupyter" && recall(store, view, by);
  if (isCode) own.push({ key: "Alt-ArrowUp", run: before(1) }, { key: "Alt-ArrowDown", run: before(-1) });
  return keymap.of([...own, ...without(defaultKeymap), ...without(historyKeymap)]);
}

/**
 * Typing over a selection: left to the browser, it would put styled elements into the text for a moment, against the page's policy.
 * Handlers of typed text (closing brackets) come first, as they do for other text.
 */
const typeOver = EditorView.domEventHandlers({
  beforeinput: (event, view) => {
    const { main, ranges } = view.state.selection;
    const text = event.data;
    if (event.inputType !== "insertText" || text === null || view.composing || main.empty || ranges.length > 1) return false;
    const insert = () => view.state.update(view.state.replaceSelection(text), { userEvent: "input.type", scrollIntoView: true });
    const taken = view.state.facet(EditorView.inputHandler).some(handler => handler(view, main.from, main.to, text, insert));
    if (!taken) view.dispatch(insert());
    event.preventDefault();
    return true;
  },
});

const putPictures = forActs(() => import("../session/pictures.ts"));

/** A picture that is pasted or dropped into a text goes where the caret is, or where it is let go. */
function pictures({ actions }: Open, cell: string): Extension {
  const attachFrom = (event: Event, files: FileList | undefined, at: number): boolean => {
    const picture = pictureIn(files);
    if (picture === null) return false;
    event.preventDefault();
    event.stopPropagation();
    putPictures.fetch().then(({ attach }) => attach(actions, picture, cell, at), complain);
    return true;
  };
  return EditorView.domEventHandlers({
    paste: (event, view) => attachFrom(event, event.clipboardData?.files, view.state.selection.main.to),
    drop: (event, view) => attachFrom(event, event.dataTransfer?.files, view.posAtCoords({ x: event.clientX, y: event.clientY }, false)),
  });
}

/** What closes by itself in Python: no triple quotes, since three quotes typed are three quotes. */
const pairs = pythonLanguage.data.of({
  closeBrackets: {
    brackets: ["(", "[", "{", "'", '"'],
    stringPrefixes: ["f", "fr", "rf", "r", "u", "b", "br", "rb", "F", "FR", "RF", "R", "U", "B", "BR", "RB"],
  },
});

const numbering = new Compartment();
const choices = new Compartment();

/** What a person can choose: the indentation, and whether brackets and quotes close by themselves. */
function chosen(isCode: boolean): Extension {
  const unit = indentUnit.of(" ".repeat(Number(indentWidth.value)));
  return isCode && closesBrackets.value ? [unit, closeBrackets(), keymap.of(closeBracketsKeymap)] : unit;
}

function extensions(open: Open, cell: string): Extension {
  const { store } = open;
  const isCode = store.cellOf(cell)?.type === "code";
  const language = languageOf(store.model) ?? "python";
  return [
    EditorView.cspNonce.of(nonce),
    history(),
    drawSelection(),
    typeOver,
    choices.of(chosen(isCode)),
    EditorState.allowMultipleSelections.of(true),
    // Ctrl-click does that, too, where there is no name to be followed (definition_pointer.ts).
    EditorView.clickAddsSelectionRange.of(event => event.altKey || (MAC ? event.metaKey : event.ctrlKey)),
    // The boxes of cells paint nothing outside of themselves: what hangs over has to stand elsewhere.
    tooltips({ parent: document.body, position: "fixed" }),
    isCode ? [bracketMatching(), indentOnInput(), helping(store, cell)] : EditorView.lineWrapping,
    isCode && language === "python" ? [pythonLanguage, pairs] : [],
    store.cellOf(cell)?.type === "markdown" ? pictures(open, cell) : [],
    keys(open, isCode),
    numbering.of([]),
    cursors(cell),
    theme,
  ];
}

/** The cell's draft, made from the model when there is none. A draft without unsent changes is made anew when the cell's type was changed. */
const made = new WeakMap<CellDraft, string>();
function draftOf(open: Open, cell: string): CellDraft {
  const { store } = open;
  const type = store.cellOf(cell)?.type ?? "code";
  const known = store.drafts.get(cell);
  if (known instanceof CellDraft && (made.get(known) === type || known.pending() > 0)) return known;
  const draft = new CellDraft(store, cell, () => extensions(open, cell));
  made.set(draft, type);
  return draft;
}

function offsetOf(view: EditorView, place: NonNullable<Place>): number | null {
  if (place === "start") return 0;
  if (place === "end") return null;
  if ("line" in place) return view.state.doc.line(Math.min(Math.max(1, place.line), view.state.doc.lines)).from;
  if ("offset" in place) return Math.min(place.offset, view.state.doc.length);
  return view.posAtCoords(place, false);
}

function putCaret(view: EditorView, place: Place): void {
  if (place === null) return;
  const end = view.state.doc.length;
  view.dispatch({ selection: { anchor: offsetOf(view, place) ?? end }, scrollIntoView: true });
}

/** Puts an editor for the cell into `host`; the function that it returns takes it down. */
export function mountEditor(open: Open, cell: string, host: HTMLElement, label: string, place: Place, numbered: boolean): () => void {
  const draft = draftOf(open, cell);
  const view = new EditorView({
    state: draft.state,
    parent: host,
    dispatchTransactions: (transactions, target) => draft.dispatch(transactions, target),
  });
  view.contentDOM.setAttribute("aria-label", label);
  draft.view = view;
  view.dispatch({ effects: numbering.reconfigure(numbered ? lineNumbers() : []) });
  const isCode = open.store.cellOf(cell)?.type === "code";
  const unchoose = effect(() => {
    const effects = choices.reconfigure(chosen(isCode));
    untracked(() => view.dispatch({ effects }));
  });
  putCaret(view, place);
  view.focus();
  open.actions.splitMerge.splitHere = () => open.actions.splitMerge.split(view.state.selection.main.head);
  return () => {
    unchoose();
    open.actions.splitMerge.splitHere = null;
    draft.state = view.state;
    draft.view = null;
    view.destroy();
  };
}

/** Takes over the unsent edits of pages that have ended, and keeps those of this one; the function that it returns stops it. */
export function keepEdits(open: Open): { readonly outbox: Outbox; stop(): void } {
  const outbox = new Outbox(open.store, cell => extensions(open, cell));
  return { outbox, stop: outbox.start() };
}

export { fetchHelp } from "./helping.ts";
