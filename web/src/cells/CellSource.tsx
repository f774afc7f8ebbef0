/** The source of a cell: painted as it stands, or in the editor while it is edited. */
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { oddIn } from "../model/odd_characters.ts";
import { folderOf } from "../model/paths.ts";
import { languageOf, sourceHidden } from "../model/select.ts";
import type { Cell as CellModel } from "../model/types.ts";
import { MarkdownView } from "../outputs/RichView.tsx";
import type { Open } from "../session/open_session.ts";
import { may } from "../session/permissions.ts";
import { caret, numberedOtherwise, selected } from "../session/selection.ts";
import { typeAhead } from "../session/type_ahead.ts";
import { t } from "../text/en.ts";
import { LazyModule } from "../ui/lazy.ts";
import { complain } from "../ui/notices.ts";
import { printing } from "../ui/page_state.ts";
import { lineNumbers } from "../ui/settings.ts";
import { type CellEditor, cellEditor } from "./cell_editor.ts";

/** The painter of Python: from when its code has come on, nothing is shown without colours first. */
const painter = new LazyModule(async () => (await import("../ui/highlight.ts")).paintPython);

/** What gives characters that hide a sign. */
const marker = new LazyModule(async () => (await import("../ui/odd_marks.ts")).markOdd);

/** The numbers of the lines of a text, one in each line: shown by the style sheet, so that copying leaves them out. */
function numbersOf(text: string): string {
  return text
    .split("\n")
    .map((_, at) => at + 1)
    .join("\n");
}

/** How many characters of an element's text stand before the caret of the page, line breaks counted once; null: it is elsewhere. */
function offsetIn(element: Element): number | null {
  const at = getSelection();
  if (at?.focusNode === null || at?.focusNode === undefined || !element.contains(at.focusNode)) return null;
  const before = document.createRange();
  before.setStart(element, 0);
  before.setEnd(at.focusNode, at.focusOffset);
  return before.toString().replaceAll("\r\n", "\n").length;
}

/** Source that is not being edited. Colours come when the parser is there; the text is there at once. */
export function StaticSource(props: {
  text: string;
  language: string | null;
  label: string;
  numbered?: boolean;
  /** Called when it is clicked. It has the place in the text: where that is on the screen can be another when the editor comes. */
  onEdit?: (at: { offset: number }) => void;
}) {
  const element = useRef<HTMLPreElement>(null);
  const { text } = props;
  useLayoutEffect(() => {
    const into = element.current;
    if (into === null) return;
    const python = props.language === null || props.language === "python";
    const odd = oddIn(text).length > 0;
    let current = true;
    const mark = (): void => {
      if (odd) void marker.fetch().then(marks => current && marks(into), complain);
    };
    const paint = python ? painter.loaded : null;
    if (paint !== null) paint(text, into);
    else into.textContent = text;
    mark();
    if (python && paint === null)
      void painter.fetch().then(late => {
        if (!current) return;
        late(text, into);
        mark();
      });
    return () => {
      current = false;
    };
  }, [text, props.language]);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a set of form fields is not what this is
    <pre
      class={props.numbered === true ? "src numbered" : "src"}
      data-lines={props.numbered === true ? numbersOf(text) : undefined}
      role="group"
      ref={element}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: source can be scrolled and copied by keyboard
      tabIndex={0}
      aria-label={props.label}
      onMouseUp={event => {
        if (event.button === 0 && !event.shiftKey && getSelection()?.isCollapsed !== false)
          props.onEdit?.({ offset: offsetIn(event.currentTarget) ?? text.length });
      }}
    />
  );
}

/** The height of what the editor takes the place of, in pixels. */
const heightOf = (cell: string): number => document.querySelector<HTMLElement>(`#${CSS.escape(`cell-${cell}`)} .src`)?.offsetHeight ?? 0;

/** The editor of the selected cell. Until its code has come, the source stands as it is. */
function LiveSource(props: { open: Open; cell: string; label: string; numbered: boolean; height: number }) {
  const { open, cell, label, numbered, height } = props;
  const host = useRef<HTMLDivElement>(null);
  const [ready, setReady] = useState(cellEditor.loaded !== null);
  useLayoutEffect(() => {
    let current = true;
    let unmount = (): void => {};
    const mount = ({ mountEditor }: CellEditor): void => {
      if (!current || host.current === null) return;
      (host.current.firstElementChild as HTMLElement | null)?.style.setProperty("display", "none"); // the source, above the editor: a point would be beside it
      unmount = mountEditor(open, cell, host.current, label, caret.value, numbered);
      open.store.drafts.get(cell)?.press(typeAhead.end());
      setReady(true);
      requestAnimationFrame(() => host.current?.style.removeProperty("min-height"));
    };
    if (cellEditor.loaded !== null) mount(cellEditor.loaded);
    else {
      typeAhead.begin();
      void cellEditor.fetch().then(mount);
    }
    return () => {
      current = false;
      typeAhead.end();
      unmount();
    };
  }, [cell, numbered]);
  return (
    // As tall as the source was until the editor has measured itself: a page that gets shorter meanwhile would scroll.
    <div class="live" ref={host} style={{ minHeight: `${height}px` }}>
      {!ready && (
        <StaticSource
          text={open.store.sourceOf(cell)}
          language={languageOf(open.store.model)}
          label={label}
          onEdit={at => void typeAhead.move(at.offset)}
        />
      )}
    </div>
  );
}

export function CellSource({ open, cell, index, editing }: { open: Open; cell: CellModel; index: number; editing: boolean }) {
  const { model } = open.store;
  const [shown, show] = useState(false);
  open.store.cellVersion(cell.id).value;
  const hidden = sourceHidden(cell);
  useLayoutEffect(() => show(false), [hidden]);
  const label = t.source(index);
  const text = open.store.sourceOf(cell.id);
  const numbered = cell.type === "code" && lineNumbers.value !== numberedOtherwise.value.has(cell.id);
  const edit = (at: NonNullable<typeof caret.value>): void => {
    selected.value = cell.id;
    open.actions.edit(at);
  };
  const height = useMemo(() => (editing ? heightOf(cell.id) : 0), [editing]); // as long as the source is still there
  if (editing && !printing.value) return <LiveSource open={open} cell={cell.id} label={label} numbered={numbered} height={height} />;
  if (hidden && !shown)
    return (
      <p class="hidden-part">
        {t.sourceHidden}
        <button type="button" class="link" onClick={() => show(true)}>
          {t.show}
        </button>
      </p>
    );
  if (cell.type !== "markdown")
    return (
      <StaticSource
        text={text}
        language={cell.type === "code" ? languageOf(model) : ""}
        label={label}
        numbered={numbered}
        {...(may("write") ? { onEdit: edit } : {})}
      />
    );
  const folder = folderOf(model.file?.path ?? "");
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Enter on the cell does the same by keyboard
    <div class="rendered" onDblClick={event => edit({ x: event.clientX, y: event.clientY })}>
      {text.trim() === "" ? (
        <p class="quiet empty-text">{t.emptyText}</p>
      ) : (
        <MarkdownView source={text} attachments={cell.attachments} folder={folder} />
      )}
    </div>
  );
}
