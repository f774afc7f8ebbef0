/** The top bar: where one is, what is saved, the kernel and the theme. */
import { useEffect, useRef, useState } from "preact/hooks";
import { waitingCount } from "../model/select.ts";
import { dialog, drawer } from "../store/ui.ts";
import { t } from "../text/en.ts";
import { goTo, type Open } from "./app.ts";
import { Icon, Mark } from "./icons.tsx";
import { Menu, type MenuItem } from "./Menu.tsx";
import { ThemeButton } from "./ThemeButton.tsx";

function Title({ open }: { open: Open }) {
  const [editing, edit] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const title = open.store.model.title || t.untitled;
  useEffect(() => {
    if (editing) field.current?.select();
  }, [editing]);
  if (!editing)
    return (
      <button type="button" class="title" title={t.rename} onClick={() => edit(true)}>
        <b>{title}</b>
      </button>
    );
  const done = (keep: boolean): void => {
    if (keep) open.actions.rename(field.current?.value ?? "");
    edit(false);
  };
  return (
    <input
      ref={field}
      class="title-field"
      aria-label={t.sessionTitle}
      maxLength={200}
      defaultValue={title}
      onBlur={() => done(true)}
      onKeyDown={event => {
        event.stopPropagation();
        if (event.key === "Enter") done(true);
        else if (event.key === "Escape") done(false);
      }}
    />
  );
}

/** The kernel's state in words and as a dot. */
export function kernelWords({ store }: Open): { name: string; words: string; dot: string } {
  const { kernel } = store.model;
  if (kernel === null) return { name: t.kernel.none, words: t.kernel.choose, dot: "off" };
  const queued = waitingCount(store.model);
  const words = kernel.state === "busy" && queued > 0 ? t.kernel.busyQueued(queued) : t.kernel[kernel.state];
  const dot = { starting: "off", idle: "", busy: "busy", restarting: "busy", dead: "dead" }[kernel.state];
  return { name: kernel.displayName, words, dot };
}

function KernelPill({ open }: { open: Open }) {
  const { name, words, dot } = kernelWords(open);
  const { kernel } = open.store.model;
  const alive = kernel !== null && kernel.state !== "dead";
  const show = (which: "restart" | "shut_down" | "kernels") => () => {
    dialog.value = which;
  };
  const items: MenuItem[] =
    kernel === null
      ? [{ title: t.kernel.pick, run: show("kernels") }]
      : [
          { title: t.kernel.interrupt, disabled: kernel.state !== "busy", run: () => open.actions.interrupt() },
          { title: alive ? t.kernel.restart : t.kernel.start, run: alive ? show("restart") : () => void open.actions.restart(false) },
          { title: t.kernel.shutDown, disabled: !alive, run: show("shut_down") },
          { title: t.kernel.change, run: show("kernels") },
        ];
  return (
    <Menu className="kernel" label={t.kernel.label(name, words)} items={items}>
      <span class={`dot ${dot}`} />
      <span class="name">{name}</span> <span class="sub">{words}</span>
    </Menu>
  );
}

export function TopBar({ open }: { open: Open }) {
  const { store } = open;
  store.head.value;
  const unsent = store.unsent.value;
  return (
    <header class="top">
      <a
        class="brand"
        href="/"
        aria-label={t.home}
        onClick={event => {
          if (event.ctrlKey || event.metaKey) return;
          event.preventDefault();
          goTo("/");
        }}
      >
        <Mark />
      </a>
      <div class="crumb">
        <Title open={open} />
        <span class="saved" role="status">
          {unsent === 0 ? (
            <>
              <Icon name="check" />
              {t.saved}
            </>
          ) : (
            t.sending(unsent)
          )}
        </span>
      </div>
      <span class="grow" />
      <KernelPill open={open} />
      <ThemeButton />
      <button
        type="button"
        class="btn ghost icon small-only"
        aria-label={t.side}
        onClick={() => {
          drawer.value = !drawer.value;
        }}
      >
        <Icon name="menu" />
      </button>
    </header>
  );
}
