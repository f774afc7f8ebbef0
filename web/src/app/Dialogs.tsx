/** The dialogs of a session, and the pager. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { RichView } from "../outputs/RichView.tsx";
import type { KernelspecList } from "../rpc/schema.ts";
import { connection } from "../session/connection.ts";
import type { Open } from "../session/open_session.ts";
import { t } from "../text/en.ts";
import { Ask, AskText, Dialog } from "../ui/Dialog.tsx";
import { Icon } from "../ui/icons.tsx";
import { LazyModule, useLazy } from "../ui/lazy.ts";
import { complain } from "../ui/notices.ts";
import { dialog, pager } from "../ui/page_state.ts";

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

const Logins = async () => {
  const { LoginsDialog } = await import("../people/LoginsDialog.tsx");
  return () => <LoginsDialog onClose={close} />;
};

type View = (props: { open: Open }) => ComponentChildren;

/** What most pages never show comes when it is first wanted. */
const LAZY = {
  history: new LazyModule<View>(async () => (await import("../panels/History.tsx")).History),
  compare: new LazyModule<View>(async () => (await import("../panels/History.tsx")).Compare),
  palette: new LazyModule<View>(async () => (await import("../panels/Palette.tsx")).Palette),
  definition: new LazyModule<View>(async () => (await import("../code/DefinitionDialog.tsx")).DefinitionDialog),
  settings: new LazyModule<View>(async () => (await import("../panels/Settings.tsx")).Settings),
  logins: new LazyModule<View>(Logins),
  share: new LazyModule<View>(async () => (await import("../people/ShareDialog.tsx")).ShareDialog),
  shortcuts: new LazyModule<View>(async () => (await import("../panels/Shortcuts.tsx")).Shortcuts),
};

/** Fetches the code of the palette; once it is there, the palette takes the very next key. */
export const fetchPalette = (): Promise<unknown> => LAZY.palette.fetch();

function LazyDialog({ open, which }: { open: Open; which: keyof typeof LAZY }) {
  const View = useLazy(LAZY[which]);
  return View === null ? null : <View open={open} />;
}

export function Dialogs({ open }: { open: Open }) {
  const { actions, store } = open;
  switch (dialog.value) {
    case "restart":
      return <Ask title={t.restartAsk} body={t.restartBody} act={t.restart} onClose={close} onAct={() => void actions.runs.restart()} />;
    case "restart_run": {
      const run = (): void => void actions.runs.restart("all");
      return <Ask title={t.restartRunAllAsk} body={t.restartRunAllBody} act={t.restartRunAll} onClose={close} onAct={run} />;
    }
    case "shut_down":
      return (
        <Ask title={t.shutDownAsk} body={t.shutDownBody} act={t.shutDown} danger onClose={close} onAct={() => actions.runs.shutDown()} />
      );
    case "reload":
      return <Ask title={t.reloadAsk} body={t.reloadBody} act={t.reloadAct} onClose={close} onAct={() => void actions.file.takeTheirs()} />;
    case "checkpoint":
      return (
        <AskText
          title={t.checkpointAsk}
          body={t.checkpointBody}
          label={t.checkpointLabel}
          initial=""
          most={100}
          act={t.checkpointAct}
          onClose={close}
          onAct={name => void actions.file.checkpoint(name)}
        />
      );
    case "save_as":
      return (
        <AskText
          title={t.saveAs}
          label={t.saveAsLabel}
          initial={`${store.model.title.replaceAll("/", " ") || t.untitled}.ipynb`}
          act={t.saveAct}
          onClose={close}
          onAct={path => void actions.file.saveUnder(path)}
        />
      );
    case "kernels":
      return <Kernels open={open} />;
    case "palette":
    case "settings":
    case "share":
    case "logins":
    case "shortcuts":
    case "history":
    case "compare":
    case "definition":
      return <LazyDialog key={dialog.value} open={open} which={dialog.value} />;
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
