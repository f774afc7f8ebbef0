/** The page of a file that is edited as text: also of a notebook that is none any more, until it is mended. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { mountText, type TextEditor } from "../code/text_editor.ts";
import { nameOf } from "../model/paths.ts";
import { ConnectionBanner } from "../panels/ConnectionBanner.tsx";
import { HomeLink } from "../panels/HomeLink.tsx";
import { save as download, fileAddress } from "../rpc/http.ts";
import { connection } from "../session/connection.ts";
import { openNotebook, refused } from "../session/open_session.ts";
import { t } from "../text/en.ts";
import { x } from "../text/textfile.ts";
import { Banner } from "../ui/Banner.tsx";
import { Icon, Mark } from "../ui/icons.tsx";
import { complain } from "../ui/notices.ts";
import { ThemeButton } from "../ui/ThemeButton.tsx";
import { conflictLines, hasUnsaved, TextFile } from "./text_file.ts";

const isNotebook = (path: string): boolean => /\.ipynb$/i.test(path);

async function save(file: TextFile): Promise<void> {
  if ((await file.save()) && isNotebook(file.path) && refused.value?.path === file.path) await openNotebook(file.path);
}

function Conflict({ file }: { file: TextFile }) {
  const { value: conflict } = file.conflict;
  if (conflict === null) return null;
  return (
    <Banner
      kind="warn"
      icon="warn"
      bold={conflict === "deleted" ? x.deleted : x.changed}
      end={
        <>
          {conflict === "changed" && (
            <button type="button" class="btn" title={x.takeTheirsTitle} onClick={() => void file.takeTheirs()}>
              {x.takeTheirs}
            </button>
          )}
          <button
            type="button"
            class="btn"
            title={conflict === "changed" ? x.keepMineTitle : undefined}
            onClick={() => void file.keepMine()}
          >
            {conflict === "changed" ? x.keepMine : x.writeAgain}
          </button>
        </>
      }
    >
      {x.changedBody}
    </Banner>
  );
}

function Notes({ file, marks, next }: { file: TextFile; marks: readonly number[]; next(): void }) {
  // That there are marks is shown below, for as long as there are.
  const fault = refused.value?.path === file.path ? refused.value.reason.replace(" It holds the marks of a merge conflict.", "") : null;
  return (
    <>
      {fault !== null && (
        <Banner kind="info" icon="warn" bold={x.noNotebook}>
          {fault} {x.noNotebookBody}
        </Banner>
      )}
      {marks.length > 0 && (
        <Banner
          kind="warn"
          icon="warn"
          bold={x.marks(marks.length)}
          end={
            <button type="button" class="btn" onClick={next}>
              {x.nextMark}
            </button>
          }
        >
          {x.marksBody}
        </Banner>
      )}
      {file.content.value?.writable === false && (
        <Banner kind="info" icon="warn" bold={x.readOnly}>
          {x.readOnlyBody}
        </Banner>
      )}
      <Conflict file={file} />
    </>
  );
}

function Problem({ file, problem }: { file: TextFile; problem: string }) {
  return (
    <Banner
      kind="bad"
      icon="warn"
      bold={x.cannot}
      end={
        <button type="button" class="btn" onClick={() => void download(fileAddress(file.path), nameOf(file.path)).catch(complain)}>
          {x.download}
        </button>
      }
    >
      {problem}
    </Banner>
  );
}

function Top({ file }: { file: TextFile }) {
  const name = nameOf(file.path);
  const state = file.saving.value ? x.saving : file.dirty.value ? x.unsaved : x.saved;
  return (
    <header class="top">
      <HomeLink folder={file.folder} className="brand" label={t.home}>
        <Mark />
      </HomeLink>
      <span class="title">
        <b>{name}</b>
      </span>
      {file.content.value !== null && (
        <span class="text-state" role="status">
          {state}
        </span>
      )}
      <span class="grow" />
      {isNotebook(file.path) && file.content.value !== null && (
        <button type="button" class="btn" onClick={() => void file.save().then(saved => (saved ? openNotebook(file.path) : undefined))}>
          <Icon name="notebook" />
          <span class="wide-only">{x.asNotebook}</span>
          <span class="vh narrow-only">{x.asNotebook}</span>
        </button>
      )}
      {file.content.value?.writable === true && (
        <button type="button" class="btn main" disabled={!file.dirty.value} onClick={() => void save(file)}>
          {x.save}
          <span class="kbd wide-only" aria-hidden="true">
            {x.saveKeys}
          </span>
        </button>
      )}
      <ThemeButton />
    </header>
  );
}

export function TextPage({ path }: { path: string }) {
  const file = useMemo(() => new TextFile(connection, path), [path]);
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<TextEditor | null>(null);
  const [marks, setMarks] = useState<readonly number[]>([]);
  useEffect(() => {
    document.title = t.pageTitle(nameOf(path), false);
    const stay = (event: BeforeUnloadEvent): void => {
      if (file.dirty.value || hasUnsaved()) event.preventDefault();
    };
    addEventListener("beforeunload", stay);
    file.open();
    return () => {
      file.close();
      removeEventListener("beforeunload", stay);
    };
  }, [file]);
  const shown = file.replaced.value;
  useEffect(() => {
    const { value: content } = file.content;
    if (content === null || host.current === null) return;
    const made = mountText(host.current, content.text, {
      name: nameOf(path),
      label: x.source(nameOf(path)),
      writable: content.writable,
      edited: () => {
        file.edited();
        if (marks.length > 0 || shown > 0) setMarks(conflictLines(made.text()));
      },
      save: () => void save(file),
    });
    editor.current = made;
    file.current = () => made.text();
    setMarks(conflictLines(content.text));
    return () => {
      const text = made.text();
      file.current = () => text;
      made.destroy();
    };
  }, [file, shown]);
  const next = (): void => {
    const { current } = editor;
    if (current === null) return;
    current.goTo(marks.find(line => line > current.line()) ?? marks[0] ?? 1);
  };
  const { value: problem } = file.problem;
  return (
    <div class="text-page">
      <Top file={file} />
      <main>
        <h1 class="vh">{nameOf(path)}</h1>
        <div class="text-notes">
          <ConnectionBanner unsent={0} />
          {problem !== null && <Problem file={file} problem={problem} />}
          <Notes file={file} marks={marks} next={next} />
        </div>
        <div class="text-source" ref={host} />
      </main>
    </div>
  );
}
