/** The page of one session: frame, keys, clock and title. */
import { useEffect, useRef } from "preact/hooks";
import { Cells } from "../cells/Cells.tsx";
import { type CellEditor, cellEditor, type KeptEdits } from "../cells/cell_editor.ts";
import { kernelState, underway } from "../model/select.ts";
import { ConnectionBanner } from "../panels/ConnectionBanner.tsx";
import { Dropping } from "../panels/Dropping.tsx";
import { KeyMap } from "../panels/key_map.ts";
import { Side } from "../panels/Side.tsx";
import { connection } from "../session/connection.ts";
import { whenIdle } from "../session/flush_scheduler.ts";
import type { Open } from "../session/open_session.ts";
import { may, sayWhyNot } from "../session/permissions.ts";
import { attach, pictureIn } from "../session/pictures.ts";
import { watchPeople } from "../session/presence.ts";
import { mode, selected } from "../session/selection.ts";
import type { SessionStore } from "../session/store.ts";
import { typeAhead } from "../session/type_ahead.ts";
import { t } from "../text/en.ts";
import { MAC } from "../ui/keys.ts";
import { complain } from "../ui/notices.ts";
import { clockOffset, dialog, finding, now } from "../ui/page_state.ts";
import { besideOutputs } from "../ui/settings.ts";
import { Banners } from "./Banners.tsx";
import { Dialogs, fetchPalette, PagerPanel } from "./Dialogs.tsx";
import { Foot } from "./Foot.tsx";
import { FindBar, FollowBar } from "./lazy_panels.tsx";
import { Nothing } from "./Nothing.tsx";
import { Dock, Toolbar } from "./Toolbar.tsx";
import { TopBar } from "./TopBar.tsx";

const TICK_MS = 100;

/** Whether a key press belongs to a field or a button and not to the cells. */
function isElsewhere(event: KeyboardEvent): boolean {
  const { key } = event;
  const [target] = event.composedPath(); // inside of the shadow roots of outputs, too
  if (!(target instanceof Element)) return false;
  if (target.closest("input, textarea, select, .menu, dialog") !== null) return true;
  return OF_BUTTONS.test(key) && target.closest("button, a, summary") !== null;
}

/** The keys that a button or a link has a use for; letters are for the cells wherever the focus is. */
const OF_BUTTONS = /^(Enter| |Tab|Arrow.*|Home|End)$/;

function useKeys({ actions }: Open): void {
  const map = useRef(new KeyMap());
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.isComposing || dialog.value !== null) return;
      if (event.target instanceof Element && event.target.closest("search, .menu") !== null) return; // have keys of their own, Esc among them
      const inEditor = event.target instanceof Element && event.target.closest(".cm-editor") !== null;
      if (!inEditor && isElsewhere(event) && event.key !== "Escape" && !(event.shiftKey && event.key === "Enter")) return;
      const isText = inEditor || typeAhead.isWaiting;
      const command = map.current.press(event, isText ? "edit" : "command", event.timeStamp);
      if (command === null && (inEditor || !typeAhead.press(event))) return;
      event.preventDefault();
      event.stopPropagation();
      if (command === null || command === "begun") return;
      if (!may(command.right)) sayWhyNot(command.right);
      else if (isText && !inEditor) void cellEditor.fetch().then(() => command.run(actions), complain);
      else command.run(actions);
    };
    // Before the editor sees them: Shift-Enter would be a line feed there.
    addEventListener("keydown", press, true);
    return () => removeEventListener("keydown", press, true);
  }, [actions]);
}

/** Whether the keys belong to the cells now, and no text is selected with the mouse. */
function isForCells(): boolean {
  const at = document.activeElement;
  const free = dialog.value === null && mode.value === "command" && (getSelection()?.isCollapsed ?? true);
  return free && !(at instanceof HTMLElement && (at.isContentEditable || at.matches("input, textarea, select")));
}

/** The copying and pasting of the system, for cells. */
function Clipboard({ open }: { open: Open }) {
  const { actions } = open;
  useEffect(() => {
    const copy = (event: ClipboardEvent): void => {
      if (!isForCells()) return;
      event.clipboardData?.setData("text/plain", actions.copy());
      event.preventDefault();
      if (event.type === "cut" && may("write")) actions.remove();
    };
    const paste = (event: ClipboardEvent): void => {
      if (!isForCells()) return;
      event.preventDefault();
      const picture = pictureIn(event.clipboardData?.files);
      if (!may("write")) sayWhyNot("write");
      else if (picture !== null) attach(actions, picture, selected.value);
      else actions.pasteText(event.clipboardData?.getData("text/plain") ?? "");
    };
    addEventListener("copy", copy);
    addEventListener("cut", copy);
    addEventListener("paste", paste);
    return () => {
      removeEventListener("copy", copy);
      removeEventListener("cut", copy);
      removeEventListener("paste", paste);
    };
  }, [actions]);
  return null;
}

/** The clock runs while something runs. */
function useClock({ store }: Open): void {
  store.head.value;
  const running = underway(store.model).length > 0;
  useEffect(() => {
    now.value = Date.now() + clockOffset.value;
    if (!running) return;
    const timer = setInterval(() => {
      now.value = Date.now() + clockOffset.value;
    }, TICK_MS);
    return () => clearInterval(timer);
  }, [running]);
}

function useTitle({ store }: Open): void {
  store.head.value;
  const busy = kernelState(store.model) === "busy" || underway(store.model).length > 0;
  const title = t.pageTitle(store.model.title || t.untitled, busy);
  useEffect(() => {
    document.title = title;
  }, [title]);
}

/** Unsent edits outlive the page in the browser's database. Where there is none, leaving asks first. */
function useUnsent(open: Open, ready: boolean): void {
  const { store } = open;
  const outbox = useRef<KeptEdits["outbox"] | null>(null);
  useEffect(() => {
    if (!ready) return;
    let stop: (() => void) | null = null;
    let over = false;
    const start = (editor: CellEditor): void => {
      if (over) return;
      const kept = editor.keepEdits(open);
      outbox.current = kept.outbox;
      stop = kept.stop;
    };
    const wait = whenIdle(() => void cellEditor.fetch().then(start).catch(complain));
    return () => {
      over = true;
      wait();
      stop?.();
    };
  }, [open, ready]);
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent): void => {
      if (store.unsent.value > 0 && connection.phase !== "live" && outbox.current?.works !== true) event.preventDefault();
    };
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [store]);
}

/** A session that has just been made and holds one empty cell: the caret is there at once. */
function useFirstCaret({ store, actions }: Open, ready: boolean): void {
  useEffect(() => {
    const only = store.order[0];
    if (!ready || store.order.length !== 1 || only === undefined) return;
    if (store.sourceOf(only) === "" && store.model.runs.size === 0) actions.select(only, true);
  }, [ready, store.chunks.value.length]);
}

/** Fetches the editor when the first cells are there and nothing is to do, so that the first key finds it; and then the palette. */
function useEditorSoon(ready: boolean): void {
  useEffect(() => {
    if (!ready) return;
    const fetch = async (): Promise<void> => {
      await cellEditor.fetch();
      await fetchPalette();
    };
    return whenIdle(() => void fetch().catch(() => {})); // what cannot be fetched now is fetched, or its failure reported, when it is wanted
  }, [ready]);
}

/** What follows names under the pointer comes when the key that does it is held first. */
function useFollowing({ actions }: Open): void {
  useEffect(() => {
    let stop: (() => void) | null = null;
    let over = false;
    const start = (event: KeyboardEvent): void => {
      if (event.key !== (MAC ? "Meta" : "Control")) return;
      removeEventListener("keydown", start, true);
      let last: PointerEvent | null = null;
      const note = (moved: PointerEvent): void => {
        last = moved;
      };
      addEventListener("pointermove", note);
      import("../code/definition_pointer.ts")
        .then(({ followPointer }) => {
          if (!over) stop = followPointer(actions, last);
        })
        .catch(complain)
        .finally(() => removeEventListener("pointermove", note));
    };
    addEventListener("keydown", start, true);
    return () => {
      over = true;
      removeEventListener("keydown", start, true);
      stop?.();
    };
  }, [actions]);
}

const fetchFollower = async () => {
  const { PresenceFollow } = await import("../people/presence_follow.ts");
  return (store: SessionStore) => new PresenceFollow(store);
};

function usePeople({ store }: Open): void {
  useEffect(() => watchPeople(store, fetchFollower), [store]);
}

export function SessionPage({ open }: { open: Open }) {
  const { store } = open;
  const state = store.loadState.value;
  useKeys(open);
  useClock(open);
  useTitle(open);
  useUnsent(open, state === "ready");
  useFirstCaret(open, state === "ready");
  useEditorSoon(state === "ready");
  usePeople(open);
  useFollowing(open);
  if (state === "missing") return <Nothing title={t.noSuchSession} body={t.noSuchSessionBody} />;
  if (state === "refused") return <Nothing title={t.noSuchSession} body={store.problem.value} />;
  if (state === "opening")
    return (
      <main class="opening">
        <ConnectionBanner unsent={0} />
        <p class="quiet">{t.opening}</p>
      </main>
    );
  return (
    <div class={mode.value === "edit" ? "app editing" : "app"}>
      <TopBar open={open} />
      <Side open={open} />
      <main class={besideOutputs.value ? "page beside" : "page"} id="main">
        <div class="stick">
          <Toolbar open={open} />
          {finding.value !== null && (
            <div class="banners">
              <FindBar open={open} />
            </div>
          )}
          <Banners open={open} />
          <FollowBar />
        </div>
        <Cells open={open} />
      </main>
      <Clipboard open={open} />
      <Dropping open={open} />
      <PagerPanel />
      <Foot open={open} />
      <Dock open={open} />
      <Dialogs open={open} />
    </div>
  );
}
