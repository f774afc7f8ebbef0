/** The dialogs of a session, and the pager. */
import { useEffect, useState } from "preact/hooks";
import type { KernelspecList } from "../api/schema.ts";
import { COMMANDS, EDITOR_KEYS } from "../store/commands.ts";
import { shown } from "../store/keys.ts";
import { complain, dialog, pager } from "../store/ui.ts";
import { t } from "../text/en.ts";
import { connection, type Open } from "./app.ts";
import { Ask, Dialog } from "./Dialog.tsx";
import { Icon } from "./icons.tsx";
import { RichView } from "./RichView.tsx";

const close = (): void => {
  dialog.value = null;
};

function Kernels({ open }: { open: Open }) {
  const [specs, setSpecs] = useState<KernelspecList | null>(null);
  useEffect(() => {
    connection.call("kernelspec.list", {}).then(setSpecs).catch(complain);
  }, []);
  const now = open.store.model.kernel;
  return (
    <Dialog title={t.kernel.pick} onClose={close}>
      <p>{t.kernel.pickBody}</p>
      {specs?.kernelspecs.length === 0 && <p>{t.noSpecs}</p>}
      <ul class="choices">
        {specs?.kernelspecs.map(spec => (
          <li key={spec.name}>
            <button
              type="button"
              class="choice"
              onClick={() => {
                close();
                open.actions.startKernel(spec.name);
              }}
            >
              <b>{spec.display_name}</b>
              <span class="sub">{now?.kernelspec === spec.name && now.state !== "dead" ? t.kernel.current : spec.language}</span>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

function Keys({ keys }: { keys: string }) {
  return (
    <span class="keys">
      {shown(keys).map((key, at) => (
        <kbd class="kbd" key={at}>
          {key}
        </kbd>
      ))}
    </span>
  );
}

function KeyTable(props: { title: string; rows: readonly { title: string; keys: readonly string[] }[] }) {
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

function Shortcuts() {
  const editor = EDITOR_KEYS.map(({ title, keys }) => ({ title, keys: keys.split(" | ") }));
  const commands = COMMANDS.filter(one => one.where === "command");
  const half = Math.ceil(commands.length / 2);
  return (
    <Dialog title={t.shortcuts} onClose={close} wide>
      <p>{t.keysIntro}</p>
      <div class="key-columns">
        <div>
          <KeyTable title={t.keys.both} rows={COMMANDS.filter(one => one.where === "both")} />
          <KeyTable title={t.keys.editMode} rows={editor} />
        </div>
        <KeyTable title={t.keys.commandMode} rows={commands.slice(0, half)} />
        <div class="key-more">
          <KeyTable title="" rows={commands.slice(half)} />
        </div>
      </div>
    </Dialog>
  );
}

export function Dialogs({ open }: { open: Open }) {
  const { actions } = open;
  switch (dialog.value) {
    case "restart":
      return <Ask title={t.restartAsk} body={t.restartBody} act={t.restart} onClose={close} onAct={() => void actions.restart(false)} />;
    case "shut_down":
      return <Ask title={t.shutDownAsk} body={t.shutDownBody} act={t.shutDown} danger onClose={close} onAct={() => actions.shutDown()} />;
    case "kernels":
      return <Kernels open={open} />;
    case "shortcuts":
      return <Shortcuts />;
    case null:
      return null;
  }
}

/** Documentation that the kernel wants to show (`name?`), under the cells. */
export function PagerPanel() {
  const shownNow = pager.value;
  if (shownNow === null) return null;
  return (
    <section
      class="pager"
      aria-label={t.pager}
      onKeyDown={event => {
        if (event.key === "Escape") pager.value = null;
        event.stopPropagation();
      }}
    >
      <div class="pager-head">
        <b>{t.pager}</b>
        <span class="grow" />
        <button
          type="button"
          class="btn ghost icon"
          aria-label={t.closePager}
          onClick={() => {
            pager.value = null;
          }}
        >
          <Icon name="cross" />
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reachable by keyboard */}
      <div class="pager-body" tabIndex={0}>
        <RichView data={{ "text/plain": String(shownNow.data["text/plain"] ?? "") }} metadata={{}} revision={0} label={t.pager} />
      </div>
    </section>
  );
}
