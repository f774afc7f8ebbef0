/** The keys of all commands, to be changed: given, taken away, and as they were. Loaded when it is first wanted. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { may } from "../session/permissions.ts";
import { keyWords } from "../text/commands.ts";
import { t } from "../text/en.ts";
import { Icon } from "../ui/icons.tsx";
import { Keys } from "../ui/Keys.tsx";
import { spelling, wordsOf } from "../ui/keys.ts";
import { type OwnKeys, ownKeys } from "../ui/settings.ts";
import type { CommandRow } from "./command.ts";
import { commandsOf, TABLE } from "./commands.ts";
import { conflicts, given, refusal } from "./key_choice.ts";
import { MORE } from "./more_commands.ts";
import { keysOf, whereOf } from "./own_keys.ts";
import { titleOf } from "./titles.ts";

const ROWS = Object.entries<CommandRow>({ ...TABLE, ...MORE });
const MODIFIERS = new Set(["Control", "Shift", "Alt", "Meta", "AltGraph", "CapsLock"]);

const set = (next: OwnKeys): void => {
  ownKeys.value = next;
};

function without(row: string): OwnKeys {
  const { [row]: _, ...others } = ownKeys.value;
  return others;
}

const words = keyWords;

/** What stands against a key, in words. */
function trouble(row: string, key: string, isEdit: boolean, say: (key: string, title: string) => string): string {
  const others = conflicts(commandsOf(), row, key, isEdit);
  return [...new Set(others.map(one => say(wordsOf(one.key), titleOf(one.row))))].join(" ");
}

/** Waits for a key, and says what it would do. */
function Recorder({ row, isEdit, close }: { row: string; isEdit: boolean; close(): void }) {
  const field = useRef<HTMLInputElement>(null);
  const [key, setKey] = useState("");
  useLayoutEffect(() => field.current?.focus(), []);
  const refused = refusal(key);
  const press = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.key === "Tab" || MODIFIERS.has(event.key)) return;
    event.preventDefault();
    if (event.key === "Escape") {
      close();
      return;
    }
    const pressed = spelling(event);
    const isTwice = key === pressed && !/(?:Ctrl|Alt)\+/.test(pressed) && !isEdit;
    setKey(event.getModifierState("AltGraph") ? "" : isTwice ? `${pressed} ${pressed}` : pressed);
  };
  const taken = key === "" || refused !== null ? "" : trouble(row, key, isEdit, words.taken);
  const place = key === "" ? words.hint : refused !== null ? words.refused[refused] : isEdit ? "" : words.where[whereOf(key)];
  const use = (): void => {
    set(given(commandsOf(), ownKeys.value, row, key, isEdit));
    close();
  };
  return (
    <fieldset
      class="key-recorder"
      aria-label={words.press}
      onKeyDown={event => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        event.stopPropagation();
        close();
      }}
    >
      <input
        class="input"
        ref={field}
        readOnly
        aria-label={words.press}
        placeholder={words.press}
        value={key === "" ? "" : wordsOf(key)}
        onKeyDown={press}
      />
      <button type="button" class="btn main" disabled={key === "" || refused !== null} onClick={use}>
        {taken === "" ? words.use : words.useHere}
      </button>
      <button type="button" class="btn" onClick={close}>
        {t.cancel}
      </button>
      <p role="status">{[place, taken].filter(one => one !== "").join(" ")}</p>
    </fieldset>
  );
}

function Row({ id, row, recording, record }: { id: string; row: CommandRow; recording: boolean; record(on: boolean): void }) {
  const keys = keysOf(commandsOf(), id);
  const isEdit = row.edit !== undefined;
  const isOwn = ownKeys.value[id] !== undefined;
  const clashes = isOwn ? [...new Set(keys.map(key => trouble(id, key, isEdit, words.clash)))].filter(one => one !== "") : [];
  return (
    <li class="key-row">
      <span class="key-title">{titleOf(id)}</span>
      <span class="key-list">
        {keys.map(key => (
          <span class="key-chip" key={key}>
            <Keys keys={key} />
            <button
              type="button"
              class="btn ghost icon"
              aria-label={words.remove(wordsOf(key), titleOf(id))}
              title={words.remove(wordsOf(key), titleOf(id))}
              onClick={() => set({ ...ownKeys.value, [id]: keys.filter(one => one !== key) })}
            >
              <Icon name="cross" />
            </button>
          </span>
        ))}
        <button
          type="button"
          class="btn ghost"
          data-add={id}
          aria-label={words.addTo(titleOf(id))}
          aria-expanded={recording}
          onClick={() => record(!recording)}
        >
          {words.add}
        </button>
        {isOwn && (
          <button type="button" class="btn ghost" aria-label={words.resetOf(titleOf(id))} onClick={() => set(without(id))}>
            {words.reset}
          </button>
        )}
      </span>
      {clashes.length > 0 && <p class="key-clash">{clashes.join(" ")}</p>}
      {recording && <Recorder row={id} isEdit={isEdit} close={() => record(false)} />}
    </li>
  );
}

export function KeyEditor() {
  const [text, setText] = useState("");
  const [recording, record] = useState("");
  const list = useRef<HTMLUListElement>(null);
  const wanted = text.trim().toLowerCase();
  const shown = ROWS.filter(
    ([id, row]) =>
      may(row.right) && (titleOf(id).toLowerCase().includes(wanted) || keysOf(commandsOf(), id).join(" ").toLowerCase().includes(wanted)),
  );
  return (
    <div class="key-editor">
      <p>{words.intro}</p>
      <div class="key-bar">
        <input
          class="input"
          type="search"
          aria-label={words.filter}
          placeholder={words.filter}
          value={text}
          onInput={event => setText(event.currentTarget.value)}
        />
        <button type="button" class="btn" disabled={Object.keys(ownKeys.value).length === 0} onClick={() => set({})}>
          {words.resetAll}
        </button>
      </div>
      {shown.length === 0 && <p class="quiet">{words.none}</p>}
      <ul class="key-rows" ref={list}>
        {shown.map(([id, row]) => (
          <Row
            key={id}
            id={id}
            row={row}
            recording={recording === id}
            record={on => {
              record(on ? id : "");
              if (!on) list.current?.querySelector<HTMLElement>(`[data-add="${id}"]`)?.focus();
            }}
          />
        ))}
      </ul>
    </div>
  );
}
