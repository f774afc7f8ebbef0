/** The page of one session: frame, keys, clock and title. */
import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Cells } from "../cells/Cells.tsx";
import { type CellEditor, cellEditor, type KeptEdits } from "../cells/cell_editor.ts";
import { kernelState, underway } from "../model/select.ts";
import { ConnectionBanner } from "../panels/ConnectionBanner.tsx";
import type { Command, Where } from "../panels/command.ts";
import { commandsOf } from "../panels/commands.ts";
import { Dropping } from "../panels/Dropping.tsx";
import { KeyMap } from "../panels/key_map.ts";
import { Side } from "../panels/Side.tsx";
import { connection } from "../session/connection.ts";
import { whenIdle } from "../session/flush_scheduler.ts";
import { frameKeys, NO_KEYS } from "../session/frame_keys.ts";
import { cellOfFocus, focusCell, focused, isInSelectedCell, isTextSelected, type KeyPlace, keyPlace } from "../session/key_place.ts";
import type { Open } from "../session/open_session.ts";
import { may, sayWhyNot } from "../session/permissions.ts";
import { watchPeople } from "../session/presence.ts";
import { mode, selected } from "../session/selection.ts";
import type { SessionStore } from "../session/store.ts";
import { typeAhead } from "../session/type_ahead.ts";
import { t } from "../text/en.ts";
import { pictureIn } from "../ui/dropped_files.ts";
import { MAC } from "../ui/keys.ts";
import { fetchActs, forActs } from "../ui/lazy.ts";
import { complain } from "../ui/notices.ts";
import { clockOffset, dialog, finding, now } from "../ui/page_state.ts";
import { besideOutputs } from "../ui/settings.ts";
import { Banners } from "./Banners.tsx";
import { Foot } from "./Foot.tsx";
import { KeptKeys } from "./kept_keys.ts";
import { Dialogs, FindBar, FollowBar, fetchPalette, Nothing, PagerPanel } from "./lazy_panels.tsx";
import { Dock, Toolbar } from "./Toolbar.tsx";
import { TopBar } from "./TopBar.tsx";

const TICK_MS = 100;

/** The keys that a button or a link has a use for. */
const OF_BUTTONS = /^(Enter| )$/;

/** The keys that lead to the cells from where nothing has the focus, or text is selected. */
const TO_CELLS = /^(Enter|Escape|ArrowUp|ArrowDown|Home|End)$/;

/** Where the commands for a key press are; null when the page leaves it alone. */
function commandsFor(event: KeyboardEvent, place: KeyPlace): Where | "page" | null {
  if (place === "own") return null;
  if (place === "editor") return "edit";
  if (typeAhead.isWaiting && (place !== "page" || isInSelectedCell())) return "edit";
  if (place === "cell") return "command";
  if (place === "page" && OF_BUTTONS.test(event.key) && !event.shiftKey && focused()?.closest("button, a, summary") != null) return null;
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
  return isPlain && (event.key === "Escape" || (place !== "page" && TO_CELLS.test(event.key))) ? "command" : "page";
}

/** Whether a key that is pressed in a frame may set a command off: code in the frame could say that it was pressed. */
const isForFrames = ({ row, where, right }: Command): boolean => where === "both" && (right === "read" || row === "save");

function useKeys({ actions }: Open): void {
  const map = useRef(new KeyMap());
  const { current: kept } = useRef(new KeptKeys());
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.isComposing || kept.keep(event)) return;
      const place = keyPlace();
      const where = commandsFor(event, place);
      if (where === null) return;
      const command = map.current.press(event, where, event.timeStamp);
      if (command === null && (place === "editor" || where !== "edit" || !typeAhead.press(event))) return;
      event.preventDefault();
      if (event.key === "Escape" && place === "page") actions.leaveEditor();
      else event.stopPropagation();
      if (command === null || command === "begun") return;
      if (!may(command.right)) sayWhyNot(command.right);
      else if (where === "edit" && place !== "editor") void cellEditor.fetch().then(() => command.run(actions), complain);
      else command.run(actions);
      if (where === "command" && place !== "cell" && mode.value === "command" && dialog.value === null) focusCell();
    };
    const stop = effect(() => {
      const commands = commandsOf().filter(isForFrames);
      const press = (keys: string): void => {
        const command = commands.find(one => one.keys.includes(keys));
        if (command === undefined) return;
        if (may(command.right)) command.run(actions);
        else sayWhyNot(command.right);
      };
      frameKeys.value = { keys: commands.flatMap(one => one.keys), press };
    });
    // Before the editor sees them: Shift-Enter would be a line feed there.
    addEventListener("keydown", press, true);
    return () => {
      removeEventListener("keydown", press, true);
      stop();
      frameKeys.value = NO_KEYS;
    };
  }, [actions]);
}

/** A click into a frame takes the focus there, and tells the page nothing but that it has lost it. */
function useFrames({ actions }: Open): void {
  useEffect(() => {
    const look = (): void => {
      const cell = focused() instanceof HTMLIFrameElement ? cellOfFocus() : null;
      if (cell !== null && (cell !== selected.value || mode.value === "edit")) actions.select(cell);
    };
    addEventListener("blur", look);
    return () => removeEventListener("blur", look);
  }, [actions]);
}

/** Whether copying, cutting and pasting are for the cells: the selected cell has the focus, or nothing has it, and no text is selected. */
function isForCells(): boolean {
  const place = keyPlace();
  return place === "cell" || (place === "nowhere" && mode.value === "command" && !isTextSelected());
}

const pictures = forActs(() => import("../session/pictures.ts"));

/** Puts a picture into a cell, or behind it. */
const putPicture = (...of: Parameters<typeof import("../session/pictures.ts").attach>): void => {
  pictures.fetch().then(({ attach }) => attach(...of), complain);
};

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
      else if (picture !== null) putPicture(actions, picture, selected.value);
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

forActs(() => import("../panels/more_commands.ts"));

/** So long after the editor has come, what the person wants first has come, too. */
const SETTLED_MS = 1500;

/**
 * Fetches what is not there yet when the first cells are and nothing is to do: the editor, so that the first key finds it; then, without being in the
 * way of anything, what acts need, help for the editor, and the palette.
 */
function useRestSoon(ready: boolean): void {
  useEffect(() => {
    if (!ready) return;
    let wait = whenIdle(
      () =>
        void cellEditor
          .fetch()
          .then(rest)
          .catch(() => {}),
    ); // what cannot be fetched now is fetched, or its failure reported, when it is wanted
    const fetch = async ({ fetchHelp }: CellEditor): Promise<void> => {
      await fetchActs();
      await fetchHelp();
      await fetchPalette();
    };
    const rest = (editor: CellEditor): void => {
      const timer = setTimeout(() => {
        wait = whenIdle(() => void fetch(editor).catch(() => {}));
      }, SETTLED_MS);
      wait = () => clearTimeout(timer);
    };
    return () => wait();
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
  useFrames(open);
  useClock(open);
  useTitle(open);
  useUnsent(open, state === "ready");
  useFirstCaret(open, state === "ready");
  useRestSoon(state === "ready");
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
          <FollowBar open={open} />
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
