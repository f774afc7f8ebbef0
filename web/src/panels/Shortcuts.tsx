/** All keys, from the table that the key map reads. */

import { useState } from "preact/hooks";
import { may } from "../session/permissions.ts";
import { keyWords, sheetWords } from "../text/commands.ts";
import { t } from "../text/en.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { Keys } from "../ui/Keys.tsx";
import { lazily } from "../ui/lazy.ts";
import { dialog } from "../ui/page_state.ts";
import type { Command } from "./command.ts";
import { commandsOf } from "./commands.ts";
import { editorKeys, PAGE_KEYS } from "./sheet_rows.ts";
import { titleOf } from "./titles.ts";

const KeyEditor = lazily(async () => (await import("./KeyEditor.tsx")).KeyEditor);

interface Row {
  readonly title: string;
  readonly keys: readonly string[];
}

function KeyTable(props: { title: string; rows: readonly Row[] }) {
  return (
    <section>
      {props.title !== "" && <h3>{props.title}</h3>}
      <table class="key-table">
        <tbody>
          {props.rows.map(row => (
            <tr key={row.title}>
              <td>{row.title}</td>
              <td>
                {row.keys.map(keys => (
                  <Keys key={keys} keys={keys} />
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Commands that stand for one with another number. */
const REPEATED = /^heading-[2-6]$/;

/** The rows for commands: those of one title are one row with all their keys. */
function rows(commands: readonly Command[]): Row[] {
  const byTitle = new Map<string, string[]>();
  for (const one of commands) {
    if (one.keys.length === 0 || REPEATED.test(one.id)) continue;
    const title = one.id === "heading-1" ? sheetWords.headings : titleOf(one.row);
    byTitle.set(title, [...(byTitle.get(title) ?? []), ...(one.id === "heading-1" ? ["1", "6"] : one.keys)]);
  }
  return [...byTitle].map(([title, keys]) => ({ title, keys }));
}

export function Shortcuts() {
  const split = ({ title, keys }: { title: string; keys: string }): Row => ({ title, keys: keys.split(" | ") });
  const all = commandsOf().filter(one => one.id !== "colab-split" && one.where !== "edit" && may(one.right)); // listed with the keys of the editor
  const always = new Set(all.filter(one => one.where === "both" && !one.id.startsWith("colab-")).map(one => titleOf(one.row)));
  const commands = [...rows(all.filter(one => !always.has(titleOf(one.row)))), ...PAGE_KEYS.map(split)];
  const half = Math.ceil(commands.length / 2);
  const close = (): void => {
    dialog.value = null;
  };
  const [changing, change] = useState(false);
  const turn = (
    <button type="button" class="btn" aria-pressed={changing} onClick={() => change(!changing)}>
      {changing ? keyWords.show : keyWords.change}
    </button>
  );
  if (changing)
    return (
      <Dialog title={t.shortcuts} onClose={close} wide>
        <p class="key-turn">{turn}</p>
        <KeyEditor />
      </Dialog>
    );
  return (
    <Dialog title={t.shortcuts} onClose={close} wide>
      <p class="key-turn">
        {sheetWords.keysIntro} {turn}
      </p>
      <div class="key-columns">
        <div>
          <KeyTable title={sheetWords.both} rows={rows(all.filter(one => always.has(titleOf(one.row))))} />
          {may("write") && <KeyTable title={sheetWords.editMode} rows={editorKeys().map(split)} />}
        </div>
        <KeyTable title={sheetWords.commandMode} rows={commands.slice(0, half)} />
        <div class="key-more">
          <KeyTable title="" rows={commands.slice(half)} />
        </div>
      </div>
    </Dialog>
  );
}
