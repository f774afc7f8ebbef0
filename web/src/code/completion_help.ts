/** What the kernel knows of the chosen option, beside the list of completions: asked when the choice rests, kept as long as the list. */
import { type Completion, type CompletionContext, selectedCompletion } from "@codemirror/autocomplete";
import type { EditorView, Rect } from "@codemirror/view";
import { formText } from "../model/mime.ts";
import { answersNow } from "../model/select.ts";
import { charactersBefore } from "../model/source_text.ts";
import { LineLost, RpcFailure } from "../rpc/messages.ts";
import { may } from "../session/permissions.ts";
import type { SessionStore } from "../session/store.ts";
import { paintText } from "../ui/terminal_paint.ts";
import { gateOf } from "./kernel_gate.ts";

const ANSWER_S = 3;
/** A choice that changes within this time is passed over. */
const REST_MS = 120;
const MOST_LINES = 30;
/** Help that would be narrower than this, in pixels, stands below the list or above it. */
const NARROWEST = 260;
const WIDEST = 440;

function painted(text: string): HTMLElement {
  const lines = text.trimEnd().split("\n");
  const dom = document.createElement("div");
  dom.append(paintText(lines.length <= MOST_LINES ? text.trimEnd() : `${lines.slice(0, MOST_LINES).join("\n")}\n…`));
  return dom;
}

/** What the kernel knows of a name that stands in a code; null when it was not asked or has no time. */
async function known(store: SessionStore, code: string, at: number, isWanted: () => boolean): Promise<string | null> {
  const asked = { session: store.id, code, cursor: charactersBefore(code, at), detail: 0 as const, timeout_s: ANSWER_S };
  const canAsk = (): boolean => isWanted() && may("execute") && store.connection.phase === "live" && answersNow(store.model);
  try {
    const answer = await gateOf(store).ask(canAsk, () => store.connection.call("inspection.get", asked));
    return answer === null ? null : answer.found ? formText(answer.data, "text/plain") : "";
  } catch (error) {
    if (!(error instanceof LineLost || error instanceof RpcFailure)) throw error;
    return null;
  }
}

/**
 * An option with help: what the kernel knows of it, and if that is nothing, what the option says itself.
 *
 * Args:
 *   store: the session.
 *   context: where the list was asked for.
 *   from: where the option would stand.
 *   option: the option.
 *
 * Returns: the option, which asks when it is chosen.
 */
export function withHelp(store: SessionStore, context: CompletionContext, from: number, option: Completion): Completion {
  const { view } = context;
  const own = typeof option.info === "string" ? option.info : "";
  let text: string | null = null;
  let pending: Promise<string | null> | null = null;
  const ask = async (chosen: Completion): Promise<string | null> => {
    const isChosen = (): boolean => view !== undefined && selectedCompletion(view.state) === chosen;
    await new Promise(resolve => setTimeout(resolve, REST_MS));
    const head = context.state.sliceDoc(0, from) + option.label;
    return isChosen() ? await known(store, head + context.state.sliceDoc(context.pos), head.length, isChosen) : null;
  };
  const info = (chosen: Completion): HTMLElement | null | Promise<HTMLElement | null> => {
    if (text !== null) return text === "" ? null : painted(text);
    pending ??= ask(chosen);
    return pending.then(answer => {
      pending = null;
      if (answer !== null) text = answer === "" ? own : answer;
      const shown = text ?? own;
      return shown === "" ? null : painted(shown);
    });
  };
  return { ...option, info };
}

/**
 * Where help stands: beside the list where it is wide enough, else below it, or above it, whichever has room. Where nothing has room it is not shown,
 * since it would hide the list or the code.
 */
export function placeHelp(_view: EditorView, list: Rect, _option: Rect, info: Rect, space: Rect): { style?: string; class?: string } {
  const [left, right] = [list.left - space.left, space.right - list.right];
  const height = info.bottom - info.top;
  if (Math.max(left, right) >= NARROWEST) {
    const side = right >= NARROWEST || right >= left ? "right" : "left";
    const top = Math.max(space.top, Math.min(list.top, space.bottom - height)) - list.top;
    return {
      style: `top: ${top}px; max-width: ${Math.min(WIDEST, side === "right" ? right : left)}px`,
      class: `cm-completionInfo-${side}`,
    };
  }
  const width = `left: ${space.left - list.left}px; width: ${Math.min(WIDEST, space.right - space.left - 8)}px; max-width: none`;
  if (space.bottom - list.bottom >= height) return { style: `top: calc(100% + 4px); ${width}` };
  if (list.top - space.top >= height) return { style: `bottom: calc(100% + 4px); ${width}` };
  return { style: "visibility: hidden" };
}
