/** The dialogs of a session, one row each, and the pager. */

import type { FunctionComponent } from "preact";
import { useEffect, useState } from "preact/hooks";
import { RichView } from "../outputs/RichView.tsx";
import type { KernelspecList } from "../rpc/schema.ts";
import { connection } from "../session/connection.ts";
import { DocumentActions } from "../session/document_actions.ts";
import type { Open } from "../session/open_session.ts";
import { dialogWords } from "../text/dialogs.ts";
import { t } from "../text/en.ts";
import { Ask, AskText, Dialog } from "../ui/Dialog.tsx";
import { Icon } from "../ui/icons.tsx";
import { LazyModule, lazily } from "../ui/lazy.ts";
import { complain } from "../ui/notices.ts";
import { type DialogName, dialog, pager } from "../ui/page_state.ts";

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
                open.actions.runs.startKernel(spec.name);
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

const palette = new LazyModule<FunctionComponent<{ open: Open }>>(async () => (await import("../panels/Palette.tsx")).Palette);

/** Fetches the code of the palette; once it is there, the palette takes the very next key. */
export const fetchPalette = (): Promise<unknown> => palette.fetch();

async function logins(): Promise<FunctionComponent> {
  const { LoginsDialog } = await import("../people/LoginsDialog.tsx");
  return () => <LoginsDialog onClose={close} />;
}

async function account(): Promise<FunctionComponent> {
  const { AccountDialog } = await import("../people/AccountDialog.tsx");
  return () => <AccountDialog onClose={close} />;
}

async function users(): Promise<FunctionComponent> {
  const { UsersDialog } = await import("../people/UsersDialog.tsx");
  return () => <UsersDialog onClose={close} />;
}

async function tokens(): Promise<FunctionComponent<{ open: Open }>> {
  const { TokensDialog } = await import("../people/TokensDialog.tsx");
  return ({ open }) => <TokensDialog session={open.store.id} onClose={close} />;
}

async function audit(): Promise<FunctionComponent> {
  const { AuditDialog } = await import("../people/AuditDialog.tsx");
  return () => <AuditDialog onClose={close} />;
}

/** The dialogs: a new one is its name (ui/page_state.ts) and a row here. */
const DIALOGS: Readonly<Record<DialogName, FunctionComponent<{ open: Open }>>> = {
  restart: ({ open: { actions } }) => (
    <Ask
      title={dialogWords.restartAsk}
      body={dialogWords.restartBody}
      act={t.restart}
      onClose={close}
      onAct={() => void actions.runs.restart()}
    />
  ),
  restart_run: ({ open: { actions } }) => (
    <Ask
      title={dialogWords.restartRunAllAsk}
      body={dialogWords.restartRunAllBody}
      act={t.restartRunAll}
      onClose={close}
      onAct={() => void actions.runs.restart("all")}
    />
  ),
  shut_down: ({ open: { actions } }) => (
    <Ask
      title={dialogWords.shutDownAsk}
      body={dialogWords.shutDownBody}
      act={dialogWords.shutDown}
      danger
      onClose={close}
      onAct={() => actions.runs.shutDown()}
    />
  ),
  reload: ({ open: { actions } }) => (
    <Ask
      title={dialogWords.reloadAsk}
      body={dialogWords.reloadBody}
      act={dialogWords.reloadAct}
      onClose={close}
      onAct={() => void new DocumentActions(actions.store).takeTheirs()}
    />
  ),
  checkpoint: ({ open: { actions } }) => (
    <AskText
      title={dialogWords.checkpointAsk}
      body={dialogWords.checkpointBody}
      label={dialogWords.checkpointLabel}
      initial=""
      most={100}
      act={dialogWords.checkpointAct}
      onClose={close}
      onAct={name => void new DocumentActions(actions.store).checkpoint(name)}
    />
  ),
  save_as: ({ open: { actions, store } }) => (
    <AskText
      title={dialogWords.saveAs}
      label={dialogWords.saveAsLabel}
      initial={`${store.model.title.replaceAll("/", " ") || t.untitled}.ipynb`}
      act={dialogWords.saveAct}
      onClose={close}
      onAct={path => void new DocumentActions(actions.store).saveUnder(path)}
    />
  ),
  kernels: Kernels,
  palette: lazily(palette),
  settings: lazily(async () => (await import("../panels/Settings.tsx")).Settings),
  help: lazily(async () => (await import("../panels/HelpDialog.tsx")).HelpDialog),
  shortcuts: lazily(async () => (await import("../panels/Shortcuts.tsx")).Shortcuts),
  share: lazily(async () => (await import("../people/ShareDialog.tsx")).ShareDialog),
  people: lazily(async () => (await import("../people/PeopleDialog.tsx")).PeopleDialog),
  hand_out: lazily(async () => (await import("../people/HandOutDialog.tsx")).HandOutDialog),
  logins: lazily(logins),
  tokens: lazily(tokens),
  account: lazily(account),
  users: lazily(users),
  audit: lazily(audit),
  history: lazily(async () => (await import("../panels/History.tsx")).History),
  compare: lazily(async () => (await import("../panels/History.tsx")).Compare),
  print: lazily(async () => (await import("./PrintDialog.tsx")).PrintDialog),
  definition: lazily(async () => (await import("../code/DefinitionDialog.tsx")).DefinitionDialog),
};

export function Dialogs({ open }: { open: Open }) {
  const name = dialog.value;
  if (name === null) return null;
  const View = DIALOGS[name];
  return <View key={name} open={open} />;
}

/** Documentation that the kernel wants to show (`name?`), under the cells. */
export function PagerPanel() {
  const shownNow = pager.value;
  if (shownNow === null) return null;
  return (
    <section
      class="pager"
      aria-label={dialogWords.pager}
      onKeyDown={event => {
        if (event.key === "Escape") pager.value = null;
        event.stopPropagation();
      }}
    >
      <div class="pager-head">
        <b>{dialogWords.pager}</b>
        <span class="grow" />
        <button
          type="button"
          class="btn ghost icon"
          aria-label={dialogWords.closePager}
          onClick={() => {
            pager.value = null;
          }}
        >
          <Icon name="cross" />
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reachable by keyboard */}
      <div class="pager-body" tabIndex={0}>
        <RichView data={{ "text/plain": String(shownNow.data["text/plain"] ?? "") }} metadata={{}} revision={0} label={dialogWords.pager} />
      </div>
    </section>
  );
}
