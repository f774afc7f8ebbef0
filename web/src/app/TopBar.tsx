/** The top bar: where one is, what is saved, the kernel and the theme. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { nameOf } from "../model/paths.ts";
import { HomeLink } from "../panels/HomeLink.tsx";
import { kernelWords } from "../panels/kernel_words.ts";
import { toggleSide } from "../panels/side_panels.ts";
import type { Open } from "../session/open_session.ts";
import { may } from "../session/permissions.ts";
import { t } from "../text/en.ts";
import { clock } from "../text/format.ts";
import { p } from "../text/people.ts";
import { Icon, Mark } from "../ui/icons.tsx";
import { forActs } from "../ui/lazy.ts";
import { Menu } from "../ui/Menu.tsx";
import { dialog, renaming } from "../ui/page_state.ts";
import { HelpButton, ThemeButton } from "../ui/ThemeButton.tsx";
import { Avatars } from "./lazy_panels.tsx";

function Title({ open }: { open: Open }) {
  const field = useRef<HTMLInputElement>(null);
  open.store.head.value;
  const { file, title: named } = open.store.model;
  const title = file === null ? named || t.untitled : nameOf(file.path);
  const editing = renaming.value;
  // Before the next key: what is typed at once is the name, and no code.
  useLayoutEffect(() => {
    const input = field.current;
    if (!editing || input === null) return;
    input.focus();
    const dot = file === null ? -1 : title.lastIndexOf(".");
    input.setSelectionRange(0, dot > 0 ? dot : title.length);
  }, [editing]);
  const edit = (on: boolean): void => {
    renaming.value = on;
  };
  if (!may("own"))
    return (
      <span class="title">
        <b>{title}</b>
      </span>
    );
  if (!editing)
    return (
      <button type="button" class="title" title={t.rename} onClick={() => edit(true)}>
        <b>{title}</b>
      </button>
    );
  const done = (keep: boolean): void => {
    if (!renaming.value) return;
    const name = field.current?.value ?? "";
    const isLeft = document.activeElement !== field.current; // by a click elsewhere, which has the focus then
    edit(false);
    if (!isLeft) open.actions.focus();
    if (keep) open.actions.file.rename(name);
  };
  return (
    <input
      ref={field}
      class="title-field"
      aria-label={file === null ? t.sessionTitle : t.fileName}
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

/** The folders of the file, each of which leads to its files. */
function Folders({ path }: { path: string }) {
  const parts = path.split("/").slice(0, -1);
  return (
    <>
      {parts.map((part, at) => (
        <span key={at} class="dir">
          {may("own") ? <HomeLink folder={parts.slice(0, at + 1).join("/")}>{part}</HomeLink> : part}
          <span class="sep">/</span>
        </span>
      ))}
    </>
  );
}

/** Where what is on this page is: on its way, on the server, in the file. */
function SaveState({ open }: { open: Open }) {
  const { store } = open;
  store.head.value;
  const sending = store.sending.value;
  const { file } = store.model;
  if (sending > 0) return <>{t.sending(sending)}</>;
  if (file === null)
    return (
      <>
        <Icon name="check" />
        {t.saved}
      </>
    );
  const trouble = file.conflict !== null ? t.conflict.short : file.failed;
  if (trouble !== null)
    return (
      <span class="not-saved" title={trouble}>
        <Icon name="warn" />
        {t.notSaved(trouble)}
      </span>
    );
  if (!store.saved.value) return <span title={t.savingFileTitle}>{t.savingFile}</span>;
  return (
    <span title={file.savedAt === null ? file.path : t.savedFileAt(file.path, clock(file.savedAt))}>
      <Icon name="check" />
      {t.savedFile}
    </span>
  );
}

const menus = forActs(() => import("./menus.tsx"));

function KernelPill({ open }: { open: Open }) {
  open.store.head.value;
  const { name, words, dot } = kernelWords(open);
  if (!may("execute"))
    return (
      <span class="kernel">
        <span class={`dot ${dot}`} />
        <span class="name">{name}</span> <span class="sub">{words}</span>
      </span>
    );
  return (
    <Menu className="kernel" label={t.kernel.label(name, words)} code={menus} items={() => menus.loaded?.kernelRows(open) ?? []}>
      <span class={`dot ${dot}`} />
      <span class="name">{name}</span> <span class="sub">{words}</span>
    </Menu>
  );
}

export function TopBar({ open }: { open: Open }) {
  const { store } = open;
  store.head.value;
  const path = store.model.file?.path ?? "";
  return (
    <header class="top">
      {may("own") ? (
        <HomeLink folder={path.split("/").slice(0, -1).join("/")} className="brand" label={t.home}>
          <Mark />
        </HomeLink>
      ) : (
        <span class="brand">
          <Mark />
        </span>
      )}
      <div class="crumb">
        <Folders path={path} />
        <Title open={open} />
        <span class="saved" role="status">
          <SaveState open={open} />
        </span>
      </div>
      <span class="grow" />
      <KernelPill open={open} />
      <Avatars open={open} />
      {may("own") && (
        <button
          type="button"
          class="btn share-button"
          onClick={() => {
            dialog.value = "share";
          }}
        >
          <Icon name="invite" />
          {p.share}
        </button>
      )}
      <HelpButton />
      <ThemeButton />
      <Menu className="btn ghost icon" label={t.more} title={t.more} code={menus} items={() => menus.loaded?.documentRows(open) ?? []}>
        <Icon name="dots" />
      </Menu>
      <button type="button" class="btn ghost icon side-button" aria-label={t.side} onClick={toggleSide}>
        <Icon name="menu" />
      </button>
    </header>
  );
}
