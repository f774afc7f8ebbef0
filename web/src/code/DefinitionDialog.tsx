/** The source of a definition outside of the notebook: its file, the lines around it, and the one to look at. */
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Definition } from "../rpc/schema.ts";
import { addressOf } from "../session/file_links.ts";
import { may } from "../session/permissions.ts";
import { t } from "../text/en.ts";
import { w } from "../text/places.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { paintPython } from "../ui/highlight.ts";
import { Icon } from "../ui/icons.tsx";
import { toast } from "../ui/notices.ts";
import { dialog } from "../ui/page_state.ts";
import { shownDefinition } from "./definition.ts";

const close = (): void => {
  dialog.value = null;
  shownDefinition.value = null;
};

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(t.copied);
  } catch {
    toast(t.copyRefused, { bad: true });
  }
}

/** The painted source as one element for each line; copying them gives the text as it is. */
export function rowsOf(source: string, firstLine: number, marked: number): HTMLElement[] {
  const painted = document.createElement("pre");
  paintPython(source, painted);
  const rows: HTMLElement[] = [];
  const begin = (): HTMLElement => {
    const line = firstLine + rows.length;
    const row = document.createElement(line === marked ? "mark" : "span");
    row.className = "line";
    row.dataset.line = String(line);
    rows.push(row);
    return row;
  };
  let row = begin();
  for (const node of painted.childNodes) {
    for (const [at, text] of (node.textContent ?? "").split("\n").entries()) {
      if (at > 0) {
        row.append("\n");
        row = begin();
      }
      const part = node.cloneNode(false);
      part.textContent = text;
      if (text !== "") row.append(part);
    }
  }
  return rows;
}

function Lines({ found }: { found: Definition }) {
  const element = useRef<HTMLPreElement>(null);
  useLayoutEffect(() => element.current?.replaceChildren(...rowsOf(found.source, found.first_line, found.line)), [found]);
  useEffect(() => element.current?.querySelector("mark")?.scrollIntoView({ block: "center" }), [found]); // the dialog is open by then
  return (
    // biome-ignore lint/a11y/useSemanticElements: a set of form fields is not what this is
    <pre
      class="definition-source"
      role="group"
      ref={element}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: source can be scrolled and copied by keyboard
      tabIndex={0}
      autofocus
      aria-label={w.source(found.file ?? found.name, found.line)}
    />
  );
}

export function DefinitionDialog() {
  const found = shownDefinition.value;
  if (found === null) return null;
  const { file, path } = found;
  const last = found.first_line + found.source.split("\n").length - 1;
  return (
    <Dialog
      title={w.title(found.name)}
      onClose={close}
      wide
      foot={
        <>
          <span class="grow" />
          {file !== null && (
            <button type="button" class="btn" onClick={() => void copy(file)}>
              <Icon name="copy" />
              {w.copyPath}
            </button>
          )}
          <button type="button" class="btn" onClick={() => void copy(found.source)}>
            <Icon name="copy" />
            {w.copySource}
          </button>
          {path !== null && may("own") && (
            <a
              class="btn main"
              href={addressOf({ kind: "file", path, name: path.split("/").at(-1) ?? path })}
              target="_blank"
              rel="noopener noreferrer"
            >
              <Icon name="file" />
              {w.openFile}
            </a>
          )}
        </>
      }
    >
      <p class="definition-place">
        <code>{file ?? w.goneCell(found.execution_count ?? 0)}</code>{" "}
        <span class="quiet">
          {w.atLine(found.line)}; {w.lines(found.first_line, last, found.lines)}
        </span>
      </p>
      <Lines found={found} />
    </Dialog>
  );
}
