/** The variables of the kernel: name, type, size and a short text; a click shows all that is known, or puts the name into the cell that is edited. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { LineLost, RpcFailure } from "../rpc/messages.ts";
import type { Open } from "../session/open_session.ts";
import { mode, selected } from "../session/selection.ts";
import { t } from "../text/en.ts";
import { variableWords } from "../text/variables.ts";
import { Icon } from "../ui/icons.tsx";
import { complain, toast } from "../ui/notices.ts";
import { pager } from "../ui/page_state.ts";
import { type Variable, Variables } from "./variables.ts";

/** `75 × 4` for a table or an array, the number of parts for what has only a length. */
export function sizeWords({ size, type }: Variable): string {
  if (size === null) return "";
  const [first] = size;
  if (size.length === 1 && first !== undefined && /^(list|tuple|dict|set|frozenset|range)$/.test(type))
    return variableWords.elements(first);
  if (size.length === 1 && first !== undefined && /^(str|bytes|bytearray)$/.test(type)) return variableWords.characters(first);
  return size.length === 1 ? `(${first},)` : size.join(" × ");
}

async function inspect({ store }: Open, name: string): Promise<void> {
  try {
    const answer = await store.connection.call("inspection.get", { session: store.id, code: name, cursor: [...name].length, detail: 0 });
    if (answer.found) pager.value = { data: answer.data };
    else toast(variableWords.noHelp);
  } catch (error) {
    if (!(error instanceof LineLost || error instanceof RpcFailure)) throw error;
    complain(error);
  }
}

/** Puts a name where the caret is; a cell that is not edited gets it at its end. */
function insert({ store, actions }: Open, name: string): void {
  const cell = selected.value;
  if (cell === null) return;
  const draft = mode.value === "edit" ? store.drafts.get(cell) : undefined;
  if (draft?.insert(name) === true) return;
  const before = store.sourceOf(cell);
  actions.setSources([[cell, before + (before === "" || /\s$/.test(before) ? "" : " ") + name]], t.steps.name);
}

function Row({ open, one }: { open: Open; one: Variable }) {
  const words = sizeWords(one);
  return (
    <li class={`variable ${one.group}`}>
      <button
        type="button"
        class="what"
        title={variableWords.inspect(one.name)}
        // The caret stays where it is: a name can be put there afterwards.
        onMouseDown={event => event.preventDefault()}
        onClick={() => void inspect(open, one.name)}
      >
        <span class="name">{one.name}</span>
        <span class="type">{one.type}</span>
        {words !== "" && <span class="size">{words}</span>}
        {one.text !== "" && <span class="short">{one.text}</span>}
      </button>
      <button
        type="button"
        class="insert"
        aria-label={variableWords.insert(one.name)}
        title={variableWords.insert(one.name)}
        onMouseDown={event => event.preventDefault()}
        onClick={() => insert(open, one.name)}
      >
        <Icon name="plus" />
      </button>
    </li>
  );
}

export function VariablesTab({ open }: { open: Open }) {
  const [filter, set] = useState("");
  const { store } = open;
  const variables = useMemo(() => new Variables(store), [store]);
  const changed = store.head.value;
  useEffect(() => variables.refresh(), [changed, variables]);
  const listing = variables.listing.value;
  const note = variables.note.value;
  const wanted = filter.trim().toLowerCase();
  const shown = listing?.variables.filter(one => `${one.name} ${one.type}`.toLowerCase().includes(wanted)) ?? [];
  const rest = (listing?.all ?? 0) - (listing?.variables.length ?? 0);
  return (
    <div class="variables">
      {listing !== null && listing.variables.length > 0 && (
        <div class="variables-head">
          <input
            class="input"
            type="search"
            aria-label={variableWords.filter}
            placeholder={variableWords.filter}
            autocomplete="off"
            spellcheck={false}
            value={filter}
            onInput={event => set(event.currentTarget.value)}
          />
          <button
            type="button"
            class="btn ghost icon"
            aria-label={variableWords.refresh}
            title={variableWords.refresh}
            onClick={() => variables.refresh(true)}
          >
            <Icon name="restart" />
          </button>
        </div>
      )}
      {note !== "" && <p class="quiet">{note}</p>}
      {listing === null && note === "" && <p class="quiet">{variableWords.loading}</p>}
      {listing?.variables.length === 0 && note === "" && <p class="quiet">{variableWords.none}</p>}
      {listing !== null && listing.variables.length > 0 && shown.length === 0 && <p class="quiet">{variableWords.noMatch}</p>}
      <ul aria-label={variableWords.title}>
        {shown.map(one => (
          <Row key={one.name} open={open} one={one} />
        ))}
      </ul>
      {rest > 0 && <p class="quiet">{variableWords.more(rest)}</p>}
    </div>
  );
}
