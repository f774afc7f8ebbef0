/** What the kernel knows of the name at the caret: Shift-Tab shows it, Shift-Tab again gives all of it, source too, in the pager. */

import { type Extension, StateEffect, StateField } from "@codemirror/state";
import { type EditorView, showTooltip, type Tooltip } from "@codemirror/view";
import { formText } from "../model/mime.ts";
import { charactersBefore } from "../model/source_text.ts";
import { LineLost, RpcFailure } from "../rpc/messages.ts";
import type { Inspection } from "../rpc/schema.ts";
import { may, sayWhyNot } from "../session/permissions.ts";
import type { SessionStore } from "../session/store.ts";
import { variableWords } from "../text/variables.ts";
import { complain, toast } from "../ui/notices.ts";
import { pager } from "../ui/page_state.ts";
import { paintText } from "../ui/terminal_paint.ts";

const show = StateEffect.define<Tooltip | null>();

const field = StateField.define<Tooltip | null>({
  create: () => null,
  update(now, transaction) {
    for (const effect of transaction.effects) if (effect.is(show)) return effect.value;
    return transaction.docChanged || transaction.selection !== undefined ? null : now;
  },
  provide: own => showTooltip.from(own),
});

export const inspection: Extension = field;

/** Closes the tooltip; false when there was none. */
export function closeInspection(view: EditorView): boolean {
  if (view.state.field(field, false) == null) return false;
  view.dispatch({ effects: show.of(null) });
  return true;
}

async function ask(store: SessionStore, view: EditorView, detail: 0 | 1): Promise<Inspection | null> {
  const code = view.state.sliceDoc();
  try {
    const cursor = charactersBefore(code, view.state.selection.main.head);
    return await store.connection.call("inspection.get", { session: store.id, code, cursor, detail });
  } catch (error) {
    if (!(error instanceof LineLost || error instanceof RpcFailure)) throw error;
    complain(error);
    return null;
  }
}

function tooltip(at: number, text: string): Tooltip {
  return {
    pos: at,
    above: true,
    create: () => {
      const dom = document.createElement("pre");
      dom.className = "cm-inspection text";
      dom.append(paintText(text));
      return { dom };
    },
  };
}

/** Shows what is known, the first time in a tooltip, the second time whole. */
export async function inspect(store: SessionStore, view: EditorView): Promise<void> {
  if (!may("execute")) {
    sayWhyNot("execute"); // only a kernel knows, and to ask it is to run code
    return;
  }
  const again = view.state.field(field, false) != null;
  const state = view.state;
  const answer = await ask(store, view, again ? 1 : 0);
  if (answer === null || view.state.doc !== state.doc) return;
  if (!answer.found) toast(variableWords.noHelp);
  else if (again) {
    view.dispatch({ effects: show.of(null) });
    pager.value = { data: answer.data };
  } else view.dispatch({ effects: show.of(tooltip(view.state.selection.main.head, formText(answer.data, "text/plain"))) });
}
