/** A file of values between delimiters as a table: the server gives the rows that are seen, so the file may have any size. */
import { signal } from "@preact/signals";
import { useEffect, useMemo, useState } from "preact/hooks";
import { folderOf, nameOf } from "../model/paths.ts";
import { TableGrid } from "../outputs/TableGrid.tsx";
import { type TablePart, type TableQuery, TableRows, type TableSource } from "../outputs/table_rows.ts";
import type { Connection } from "../rpc/connection.ts";
import { LineLost, RpcFailure } from "../rpc/messages.ts";
import type { ReadTable } from "../rpc/schema.ts";
import { connection } from "../session/connection.ts";
import { d } from "../text/tables.ts";
import { drafts } from "./text_drafts.ts";

type Delimiter = NonNullable<ReadTable["delimiter"]>;
const DELIMITERS = Object.keys(d.delimiters) as Delimiter[];

/** The rows of a file, and when they become others. */
export class FileTable implements TableSource {
  /** What stands between two values: as a person says, or as the server found out. */
  readonly delimiter = signal<Delimiter | null>(null);
  #chosen: Delimiter | null = null;
  #etag: string | null = null;

  constructor(
    readonly connection: Connection,
    readonly path: string,
  ) {}

  choose(delimiter: Delimiter): void {
    this.#chosen = delimiter;
    this.delimiter.value = delimiter;
  }

  async read(query: TableQuery): Promise<TablePart> {
    const part = await this.connection.call("table.read", { path: this.path, delimiter: this.#chosen, ...query });
    this.#etag = part.etag;
    this.delimiter.value = part.delimiter as Delimiter;
    const { columns, rows, total } = part;
    return { columns, rows, total, isWhole: part.is_whole, canSort: part.can_order, canFilter: part.can_order };
  }

  /** Tells when another program has changed the file, or the line is back; the function that it returns stops it. */
  watch(changed: () => void): () => void {
    const folder = folderOf(this.path).replace(/\/$/, "");
    const ignore = (error: unknown): void => {
      if (!(error instanceof RpcFailure || error instanceof LineLost)) throw error; // what is wrong is said when rows are read
    };
    const look = async (): Promise<void> => {
      const file = await this.connection.call("file.stat", { path: this.path });
      if (this.#etag !== null && file.etag !== this.#etag) changed();
    };
    const begin = (): void => void this.connection.call("file.watch", { path: folder }).catch(ignore);
    const stops = [
      this.connection.onPhase(phase => {
        if (phase !== "live") return;
        begin();
        changed();
      }),
      this.connection.onNotification(({ method, params }) => {
        if (method === "folder_changed" && (params as { path: string }).path === folder) look().catch(ignore);
      }),
    ];
    if (this.connection.phase === "live") begin();
    return () => {
      for (const stop of stops) stop();
      this.connection.call("file.unwatch", { path: folder }).catch(ignore);
    };
  }
}

export function TableView({ path }: { path: string }) {
  const table = useMemo(() => new FileTable(connection, path), [path]);
  const rows = useMemo(() => new TableRows(table), [table]);
  const [unsaved, setUnsaved] = useState(false);
  useEffect(() => table.watch(() => rows.start()), [table, rows]);
  useEffect(() => {
    drafts.get(path).then(
      draft => setUnsaved(draft !== undefined),
      () => {}, // where nothing can be kept, nothing was
    );
  }, [path]);
  const choice = (
    <label class="grid-choice">
      <span class="vh">{d.delimiter}</span>
      <select
        class="input"
        value={table.delimiter.value ?? ","}
        onChange={event => {
          table.choose(event.currentTarget.value as Delimiter);
          rows.start();
        }}
      >
        {DELIMITERS.map(one => (
          <option key={one} value={one}>
            {d.delimiters[one]}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <>
      {unsaved && <p class="quiet grid-note">{d.unsaved}</p>}
      <TableGrid rows={rows} label={d.ofFile(nameOf(path))} tools={choice} />
    </>
  );
}
