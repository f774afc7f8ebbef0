/** The text of a file: to edit, beside how it reads, as it reads, or as a tree. */
import { signal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Caret, mountText } from "../code/text_editor.ts";
import type { FileView } from "../model/file_views.ts";
import { folderOf, nameOf } from "../model/paths.ts";
import { hasReturns } from "../model/source_text.ts";
import { JsonView } from "../outputs/JsonView.tsx";
import { MarkdownView } from "../outputs/RichView.tsx";
import type { Json, JsonMap } from "../rpc/schema.ts";
import { x } from "../text/textfile.ts";
import { save } from "./saving.ts";
import { TextNotes } from "./TextNotes.tsx";
import { conflictLines, type TextFile } from "./text_file.ts";

/** What is typed shows beside the text so long after the last key. */
const BESIDE_MS = 200;
const NO_ATTACHMENTS: JsonMap = {};

/** Where the caret is, and what the text is written in. */
function Foot({ file, caret, language }: { file: TextFile; caret: Caret; language: string }) {
  const { value: content } = file.content;
  const breaks = useMemo(() => (content === null ? "" : hasReturns(content.text.split("\n")) ? x.windows : x.unix), [content]);
  if (content === null) return null;
  const marked = content.encoding === "utf-8" && content.text.startsWith("\ufeff");
  return (
    <footer class="text-foot">
      <span>{x.place(caret.line, caret.column)}</span>
      {caret.selected > 0 && <span>{x.selected(caret.selected)}</span>}
      <span class="grow" />
      <span>{language}</span>
      <span>
        {x.encodings[content.encoding]}
        {marked && ` ${x.withMark}`}
      </span>
      <span>{breaks}</span>
    </footer>
  );
}

function Editor({ file, typed, setMarks }: { file: TextFile; typed(): void; setMarks(lines: readonly number[]): void }) {
  const host = useRef<HTMLDivElement>(null);
  const [language, name] = useState<string>(x.plainText);
  const caret = useMemo(() => signal<Caret>({ line: 1, column: 1, selected: 0 }), []);
  const shown = file.replaced.value;
  const loaded = file.content.value !== null;
  const { value: compared } = file.compared;
  useEffect(() => {
    if (!loaded || host.current === null) return;
    let marked = false;
    const mark = (text: string): void => {
      const lines = conflictLines(text);
      if (lines.length > 0 || marked) setMarks(lines);
      marked = lines.length > 0;
    };
    const made = mountText(host.current, file.shown, {
      name: nameOf(file.path),
      label: x.source(nameOf(file.path)),
      writable: file.content.value?.writable ?? false,
      edited: () => {
        file.edited();
        typed();
        if (marked) mark(made.text());
      },
      save: () => void save(file),
      moved: place => {
        caret.value = place;
      },
      named: name,
    });
    file.editor = made;
    setMarks([]);
    mark(file.shown);
    if (file.compared.value !== null) void made.compare(file.compared.value);
    return () => {
      file.shown = made.text();
      file.editor = null;
      made.destroy();
    };
  }, [file, shown, loaded]);
  useEffect(() => void file.editor?.compare(compared), [compared]);
  return (
    <div class="text-edit">
      <div class="text-source" ref={host} />
      <Foot file={file} caret={caret.value} language={language} />
    </div>
  );
}

function Tree({ text }: { text: string }) {
  const parsed = useMemo((): { readonly value: Json } | null => {
    try {
      return { value: JSON.parse(text.replace(/^\ufeff/, "")) as Json };
    } catch {
      return null; // said below
    }
  }, [text]);
  return <div class="file-read">{parsed === null ? <p class="quiet">{x.noTree}</p> : <JsonView value={parsed.value} />}</div>;
}

/** A text as it reads, in the rooms of a text cell. */
function Reading({ path, text }: { path: string; text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="file-read" tabIndex={0} aria-label={x.view.read}>
      <div class="file-paper">
        <MarkdownView source={text.replace(/^\ufeff?---\n[\s\S]*?\n---\n/, "")} attachments={NO_ATTACHMENTS} folder={folderOf(path)} />
      </div>
    </section>
  );
}

export function TextView({ file, view }: { file: TextFile; view: FileView }) {
  const [marks, setMarks] = useState<readonly number[]>([]);
  const [text, setText] = useState(file.shown);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const typed = (): void => {
    if (timer.current !== null) clearTimeout(timer.current);
    timer.current = setTimeout(() => setText(file.current()), BESIDE_MS);
  };
  useEffect(
    () => () => {
      if (timer.current !== null) clearTimeout(timer.current);
    },
    [],
  );
  const { value: content } = file.content;
  useEffect(() => setText(file.current()), [file, view, content]);
  const next = (): void => {
    const { editor } = file;
    editor?.goTo(marks.find(line => line > editor.line()) ?? marks[0] ?? 1);
  };
  const edits = view === "text" || view === "both";
  return (
    <>
      <div class="text-notes">
        <TextNotes file={file} marks={edits ? marks : []} next={next} />
      </div>
      {content !== null && file.problem.value === null && (
        <div class={`text-views ${view}`}>
          {edits && <Editor file={file} typed={typed} setMarks={setMarks} />}
          {(view === "both" || view === "read") && <Reading path={file.path} text={text} />}
          {view === "tree" && <Tree text={text} />}
        </div>
      )}
    </>
  );
}
