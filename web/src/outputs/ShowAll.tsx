/** Shows all rows of a table of which an output has the first and the last ones: they are asked of the kernel, by what the output shows. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { answersNow, languageOf } from "../model/select.ts";
import { RpcFailure } from "../rpc/messages.ts";
import { open } from "../session/open_session.ts";
import { may } from "../session/permissions.ts";
import type { SessionStore } from "../session/store.ts";
import { d } from "../text/tables.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { Icon } from "../ui/icons.tsx";
import { complain, toast } from "../ui/notices.ts";
import { needSheet } from "../ui/sheets.ts";
import { saveFile } from "./copy_save.ts";
import { TableGrid } from "./TableGrid.tsx";
import { type TablePart, type TableQuery, TableRows, type TableSource } from "./table_rows.ts";
import { commaed } from "./table_selection.ts";

const WAIT_S = 30;
const MOST_SAVED = 1_000_000;
/** Rows that are saved between two words about how far it is. */
const TOLD_EACH = 20_000;

/** A table of the kernel. */
export class KernelTable implements TableSource {
  /** Whether rows have names of their own. */
  hasLabels = false;

  constructor(
    readonly store: SessionStore,
    readonly html: string,
  ) {}

  async read({ offset, limit, sort, descending, filter, whole = false }: TableQuery): Promise<TablePart> {
    const { connection, id: session, model } = this.store;
    if (model.kernel === null) throw new Error(d.noKernel);
    const asked = { session, html: this.html, offset, limit, sort, descending, filter, whole, timeout_s: WAIT_S };
    const part = await connection.call("variable.read", asked).catch((error: unknown) => {
      throw error instanceof RpcFailure && error.kind === "kernel_busy" && !answersNow(model) ? new Error(d.busy) : error;
    });
    if (part.status === "gone") throw new Error(d.gone);
    if (part.status === "unsupported") throw new Error(d.unsupported(languageOf(model) ?? ""));
    this.hasLabels = part.has_labels;
    const { columns, rows, labels, total } = part;
    return { columns, rows, labels, total, isWhole: true, canSort: true, canFilter: part.can_filter };
  }
}

async function save(rows: TableRows, table: KernelTable, told: (count: number) => void): Promise<void> {
  const total = rows.total.value;
  if (total > MOST_SAVED) {
    toast(d.saveTooMany(MOST_SAVED), { bad: true });
    return;
  }
  const head = table.hasLabels ? ["", ...rows.columns.value] : rows.columns.value;
  const parts: string[] = [`${commaed(head)}\r\n`];
  let count = 0;
  for await (const [row, label] of rows.each(0, total)) {
    parts.push(`${commaed(table.hasLabels ? [label, ...row] : row)}\r\n`);
    if (++count % TOLD_EACH === 0) told(count);
  }
  saveFile({ name: "rows.csv", type: "text/csv", content: new Blob(parts) });
}

function All({ store, html, onClose }: { store: SessionStore; html: string; onClose(): void }) {
  const table = useMemo(() => new KernelTable(store, html), [store, html]);
  const rows = useMemo(() => new TableRows(table), [table]);
  const [saving, setSaving] = useState<number | null>(null);
  const [styled, setStyled] = useState(false);
  useEffect(() => void needSheet(FILES_CSS).then(() => setStyled(true)), []);
  const start = (): void => {
    setSaving(0);
    save(rows, table, setSaving)
      .catch(complain)
      .finally(() => setSaving(null));
  };
  const tools = (
    <button type="button" class="btn" disabled={saving !== null || rows.total.value === 0} onClick={start}>
      <Icon name="download" />
      {saving === null ? d.saveCsv : d.saving(saving)}
    </button>
  );
  return (
    <Dialog title={d.frame} onClose={onClose} wide>
      {styled && <TableGrid rows={rows} label={d.frame} tools={tools} />}
      <p class="quiet grid-note">{d.asItIsNow}</p>
    </Dialog>
  );
}

/** Under an output. */
export function ShowAll({ html }: { html: string }) {
  const [shown, show] = useState(false);
  const { value } = open;
  if (value === null || !may("execute")) return null;
  return (
    <>
      <button type="button" class="btn small show-all" onClick={() => show(true)}>
        <Icon name="table" />
        {d.showAll}
      </button>
      {shown && <All store={value.store} html={html} onClose={() => show(false)} />}
    </>
  );
}
