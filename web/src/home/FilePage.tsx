/** The page of a file that is no notebook: its text to work on, and the other ways in which files of its kind can be seen. */

import type { ComponentType } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { type FileView, isOfText, viewOf, viewsOf } from "../model/file_views.ts";
import { folderOf, nameOf } from "../model/paths.ts";
import { ConnectionBanner } from "../panels/ConnectionBanner.tsx";
import { HomeLink } from "../panels/HomeLink.tsx";
import { connection } from "../session/connection.ts";
import { openNotebook } from "../session/open_session.ts";
import { fileViewAddress, goTo, textAddress } from "../session/route.ts";
import { t } from "../text/en.ts";
import { paletteWords } from "../text/finding.ts";
import { x } from "../text/textfile.ts";
import { Icon, Mark } from "../ui/icons.tsx";
import { lazily } from "../ui/lazy.ts";
import { dialog } from "../ui/page_state.ts";
import { endSharing, sharing } from "../ui/sharing.ts";
import { needSheet } from "../ui/sheets.ts";
import { ThemeButton } from "../ui/ThemeButton.tsx";
import { FileMenu } from "./FileMenu.tsx";
import { isNotebook, save } from "./saving.ts";
import { TextFile } from "./text_file.ts";

const TextView = lazily(async () => (await import("./TextView.tsx")).TextView);
const TableView = lazily(async () => (await import("./TableView.tsx")).TableView);
const PictureView = lazily(async () => (await import("./MediaViews.tsx")).PictureView);
const MediaView = lazily(async () => (await import("./MediaViews.tsx")).MediaView);
const DocumentView = lazily(async () => (await import("./MediaViews.tsx")).DocumentView);
const Chooser = lazily(async () => (await import("../panels/Palette.tsx")).Chooser);
const PlaceDialog = lazily(async () => (await import("../people/PlaceDialog.tsx")).PlaceDialog);
const Settings = lazily(async () => (await import("../panels/Settings.tsx")).Settings);

/** The views that show the file itself, and not its text. */
const WHOLE: Readonly<Partial<Record<FileView, ComponentType<{ path: string }>>>> = {
  table: TableView,
  picture: PictureView,
  media: MediaView,
  document: DocumentView,
};

function goToView(path: string, view: FileView): void {
  goTo(view === "text" ? textAddress(path) : fileViewAddress(path, view));
}

function Views({ path, view }: { path: string; view: FileView }) {
  const views = viewsOf(path);
  if (views.length < 2) return null;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a set of form fields is not what this is
    <span class="segments views" role="group" aria-label={x.views}>
      {views.map(one => (
        <button key={one} type="button" class="segment-button" aria-pressed={one === view} onClick={() => goToView(path, one)}>
          {x.view[one]}
        </button>
      ))}
    </span>
  );
}

function State({ file }: { file: TextFile }) {
  if (file.content.value === null) return null;
  const state = file.saving.value ? x.saving : file.dirty.value ? x.unsaved : x.saved;
  return (
    <span class={file.dirty.value ? "text-state unsaved" : "text-state"} role="status">
      {state}
    </span>
  );
}

function Top({ path, view, file }: { path: string; view: FileView; file: TextFile | null }) {
  return (
    <header class="top">
      <HomeLink folder={folderOf(path).replace(/\/$/, "")} className="brand" label={t.home}>
        <Mark />
      </HomeLink>
      <span class="title" title={path}>
        <b>{nameOf(path)}</b>
      </span>
      {file !== null && <State file={file} />}
      <span class="grow" />
      <Views path={path} view={view} />
      {isNotebook(path) && file !== null && file.content.value !== null && (
        <button type="button" class="btn" onClick={() => void file.save().then(saved => (saved ? openNotebook(path) : undefined))}>
          <Icon name="notebook" />
          <span class="wide-only">{x.asNotebook}</span>
          <span class="vh narrow-only">{x.asNotebook}</span>
        </button>
      )}
      {file?.content.value?.writable === true && (
        <button type="button" class="btn main" disabled={!file.dirty.value} onClick={() => void save(file)}>
          {x.save}
          <span class="kbd wide-only" aria-hidden="true">
            {x.saveKeys}
          </span>
        </button>
      )}
      <FileMenu path={path} view={view} file={file} />
      <ThemeButton />
    </header>
  );
}

/** The keys of the page: they work wherever the focus is. */
function useKeys(file: TextFile | null): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.defaultPrevented || dialog.value !== null) return;
      const key = event.key.toLowerCase();
      if (key === "s" && file !== null) void save(file);
      else if (key === "k") dialog.value = "palette";
      else if (key === ",") dialog.value = "settings";
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", press);
    return () => {
      removeEventListener("keydown", press);
      dialog.value = null;
      endSharing();
    };
  }, [file]);
}

function useFile(path: string, view: FileView): TextFile | null {
  const wanted = isOfText(view);
  const file = useMemo(() => (wanted ? new TextFile(connection, path) : null), [path, wanted]);
  useEffect(() => {
    if (file === null) return;
    const stay = (event: BeforeUnloadEvent): void => {
      if (!file.isKept) event.preventDefault();
    };
    addEventListener("beforeunload", stay);
    file.open();
    return () => {
      file.close();
      removeEventListener("beforeunload", stay);
    };
  }, [file]);
  return file;
}

export function FilePage({ path, view: asked }: { path: string; view: string | null }) {
  const view = viewOf(nameOf(path), asked);
  const file = useFile(path, view);
  const [styled, setStyled] = useState(false);
  useKeys(file);
  useEffect(() => {
    document.title = t.pageTitle(nameOf(path), false);
    void needSheet(FILES_CSS).then(() => setStyled(true));
  }, []);
  if (!styled) return null;
  const Whole = WHOLE[view];
  return (
    <div class="text-page">
      <Top path={path} view={view} file={file} />
      <main>
        <h1 class="vh">{nameOf(path)}</h1>
        <ConnectionBanner unsent={0} />
        {file !== null && <TextView file={file} view={view} />}
        {Whole !== undefined && <Whole path={path} />}
      </main>
      {dialog.value === "palette" && (
        <Chooser fixed={[]} more={[]} folder={folderOf(path).replace(/\/$/, "")} filesFirst words={paletteWords.atHome} />
      )}
      {dialog.value === "settings" && <Settings />}
      {sharing.value !== null && <PlaceDialog place={sharing.value} onClose={endSharing} />}
    </div>
  );
}
