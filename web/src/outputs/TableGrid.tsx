/**
 * A large table: rows are drawn as they are seen, sorted by a click on a column, filtered, selected by pointer and keys, and copied.
 *
 * The browser allows no element as high as millions of rows: a higher table scrolls in larger steps.
 */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { d } from "../text/tables.ts";
import { Icon } from "../ui/icons.tsx";
import { complain, toast } from "../ui/notices.ts";
import type { TableRows } from "./table_rows.ts";
import { type Block, blockOf, holds, moved, type Place, type Selection, tabbed } from "./table_selection.ts";
import { numberIn } from "./tables.ts";

const ROW_PX = 28;
const HEAD_PX = 32;
const MOST_PX = 8_000_000;
/** Rows beyond those that are seen. */
const BEYOND = 10;
const MOST_COLUMNS = 200;
const MOST_COPIED = 100_000;
const [NARROWEST, WIDEST, CHARACTER_PX] = [56, 360, 8.2];
const FILTER_MS = 300;
/** Rows that are looked at for how wide a column is, and whether it has numbers. */
const LOOKED_AT = 100;

const FIRST: Selection = { anchor: { row: 0, column: 0 }, head: { row: 0, column: 0 } };

interface Column {
  readonly name: string;
  readonly width: number;
  readonly numeric: boolean;
}

const isNumber = (text: string): boolean => !Number.isNaN(numberIn(text));
const isMissing = (text: string): boolean => /^(|nan|none|null|na|nat|<na>)$/i.test(text.trim());

/** How columns are shown, by the first rows that came. */
function columnsOf(rows: TableRows): Column[] {
  const seen = Array.from({ length: Math.min(LOOKED_AT, rows.total.value) }, (_, at) => rows.row(at) ?? []);
  const count = Math.min(MOST_COLUMNS, Math.max(rows.columns.value.length, rows.width.value));
  return Array.from({ length: count }, (_, at) => {
    const name = rows.columns.value[at] ?? d.column(at + 1);
    const values = seen.map(row => row[at] ?? "").filter(one => !isMissing(one));
    const longest = values.reduce((most, one) => Math.max(most, one.length), name.length + 3);
    return { name, width: widthOf(longest), numeric: values.length > 0 && values.every(isNumber) };
  });
}

const widthOf = (length: number): number => Math.round(Math.min(WIDEST, Math.max(NARROWEST, length * CHARACTER_PX + 22)));

/** The columns: they keep their widths while other rows come, and become wider where a row that is seen needs it. */
function useColumns(rows: TableRows, first: number, end: number): readonly Column[] {
  const known = useRef<{ readonly key: string; readonly columns: readonly Column[] } | null>(null);
  const key = `${rows.width.value} ${rows.columns.value.join("\n")}`;
  if (known.current?.key !== key) {
    const columns = columnsOf(rows);
    if (rows.row(0) === null) return columns;
    known.current = { key, columns };
  }
  const { columns } = known.current;
  const widths = columns.map(one => one.width);
  for (let at = first; at < end; at++)
    for (const [n, value] of (rows.row(at) ?? []).entries()) widths[n] = Math.max(widths[n] ?? 0, widthOf(value.length));
  if (columns.some((one, n) => one.width !== widths[n]))
    known.current = { key, columns: columns.map((one, n) => ({ ...one, width: widths[n] ?? one.width })) };
  return known.current.columns;
}

async function copy(rows: TableRows, { top, bottom, left, right }: Block): Promise<void> {
  if (bottom - top >= MOST_COPIED) toast(d.copyTooMany(MOST_COPIED), { bad: true });
  else {
    const lines: string[] = [];
    for await (const [row] of rows.each(top, bottom + 1))
      lines.push(tabbed(Array.from({ length: right - left + 1 }, (_, at) => row[left + at] ?? "")));
    await navigator.clipboard.writeText(lines.join("\n"));
    toast(d.copied(lines.length, right - left + 1));
  }
}

function Head({ rows, columns }: { rows: TableRows; columns: readonly Column[] }) {
  rows.version.value; // drawn anew with it
  const { sort, descending } = rows;
  return (
    <div class="grid-row grid-head" role="row" aria-rowindex={1}>
      <span class="grid-label" role="columnheader">
        <span class="vh">{d.row}</span>
      </span>
      {columns.map((column, at) => {
        const order = sort !== at ? "none" : descending ? "descending" : "ascending";
        return (
          <span
            key={at}
            role="columnheader"
            aria-sort={order}
            class={column.numeric ? "grid-cell numeric" : "grid-cell"}
            title={column.name}
          >
            {rows.canSort.value ? (
              <button type="button" class="sort" onClick={() => rows.turn(at)}>
                {column.name}
                {order !== "none" && <Icon name={descending ? "down" : "up"} />}
              </button>
            ) : (
              column.name
            )}
          </span>
        );
      })}
    </div>
  );
}

interface BodyProps {
  readonly rows: TableRows;
  readonly columns: readonly Column[];
  readonly first: number;
  readonly end: number;
  readonly top: number;
  readonly selection: Selection;
}

function Body({ rows, columns, first, end, top, selection }: BodyProps) {
  rows.version.value; // drawn anew with it
  const block = blockOf(selection);
  return (
    <div class="grid-body" role="rowgroup" style={{ transform: `translateY(${top}px)` }}>
      {Array.from({ length: end - first }, (_, n) => first + n).map(at => {
        const values = rows.row(at);
        return (
          <div key={at} class={at % 2 === 1 ? "grid-row grid-odd" : "grid-row"} role="row" aria-rowindex={at + 2} data-row={at}>
            <span class="grid-label" role="rowheader">
              {rows.label(at)}
            </span>
            {columns.map((column, n) => {
              const isHead = at === selection.head.row && n === selection.head.column;
              return (
                <span
                  key={n}
                  role="gridcell"
                  id={isHead ? "grid-head-cell" : undefined}
                  data-column={n}
                  aria-selected={holds(block, at, n)}
                  class={`grid-cell${column.numeric ? " numeric" : ""}${isHead ? " grid-at" : ""}`}
                >
                  {values === null ? "…" : (values[n] ?? "")}
                </span>
              );
            })}
          </div>
        );
      })}
    </div>
  );
}

function placeOf(target: EventTarget | null): Place | null {
  const cell = target instanceof Element ? target.closest<HTMLElement>("[data-column]") : null;
  const row = cell?.closest<HTMLElement>("[data-row]");
  return cell == null || row == null ? null : { row: Number(row.dataset.row), column: Number(cell.dataset.column) };
}

/** Which rows are seen of a box that is scrolled. */
function seenOf(box: HTMLElement | null, total: number): { first: number; end: number; top: number; fit: number } {
  const height = (box?.clientHeight ?? 600) - HEAD_PX;
  const fit = Math.max(1, Math.floor(height / ROW_PX));
  const whole = Math.min(MOST_PX, total * ROW_PX);
  const scrolled = box?.scrollTop ?? 0;
  const isScaled = total * ROW_PX > MOST_PX;
  const exact = isScaled ? (scrolled / Math.max(1, whole - height)) * (total - fit) : scrolled / ROW_PX;
  const at = Math.max(0, Math.min(Math.floor(exact), total - 1));
  const first = Math.max(0, at - BEYOND);
  const end = Math.min(total, at + fit + BEYOND);
  const top = isScaled ? scrolled - (at - first) * ROW_PX : first * ROW_PX;
  return { first, end, top, fit };
}

export function TableGrid({ rows, label, tools }: { rows: TableRows; label: string; tools?: preact.ComponentChildren }) {
  const box = useRef<HTMLDivElement>(null);
  const [, redraw] = useState(0);
  const [selection, select] = useState<Selection>(FIRST);
  const dragged = useRef(false);
  const version = rows.version.value;
  const total = rows.total.value;
  useEffect(() => {
    rows.start();
    const watch = new ResizeObserver(() => redraw(n => n + 1));
    if (box.current !== null) watch.observe(box.current);
    return () => {
      watch.disconnect();
      rows.stop();
    };
  }, [rows]);
  const seen = seenOf(box.current, total);
  const columns = useColumns(rows, seen.first, seen.end);
  useEffect(() => rows.see(seen.first, seen.end), [seen.first, seen.end, version]);
  const widths = `${Math.max(48, 26 + String(total).length * 9)}px ${columns.map(one => `${one.width}px`).join(" ")}`;
  useLayoutEffect(() => {
    box.current?.style.setProperty("--columns", widths);
  }, [widths]);
  const show = ({ row }: Place): void => {
    const at = box.current;
    if (at === null) return;
    const height = at.clientHeight - HEAD_PX;
    if (total * ROW_PX > MOST_PX) {
      if (row >= seen.first + BEYOND && row < seen.end - BEYOND) return;
      at.scrollTop = (row / Math.max(1, total - seen.fit)) * (MOST_PX - height);
    } else if (row * ROW_PX < at.scrollTop) at.scrollTop = row * ROW_PX;
    else if ((row + 1) * ROW_PX > at.scrollTop + height) at.scrollTop = (row + 1) * ROW_PX - height;
    requestAnimationFrame(() => at.querySelector("#grid-head-cell")?.scrollIntoView({ block: "nearest", inline: "nearest" }));
  };
  const press = (event: KeyboardEvent): void => {
    if (event.target !== box.current) return;
    const ctrlKey = event.ctrlKey || event.metaKey;
    if (ctrlKey && event.key.toLowerCase() === "c") {
      if (getSelection()?.isCollapsed === false) return;
      copy(rows, blockOf(selection)).catch(complain);
    } else {
      const next = moved(
        selection,
        { key: event.key, ctrlKey, shiftKey: event.shiftKey },
        { rows: total, columns: columns.length, seen: seen.fit },
      );
      if (next === null) return;
      select(next);
      show(next.head);
    }
    event.preventDefault();
  };
  const point = (event: PointerEvent): void => {
    const place = placeOf(event.target);
    if (place === null) return;
    if (event.type === "pointerdown") {
      dragged.current = true;
      select({ anchor: event.shiftKey ? selection.anchor : place, head: place });
      box.current?.focus({ preventScroll: true });
    } else if (dragged.current && event.buttons === 1) select({ anchor: selection.anchor, head: place });
  };
  useEffect(() => {
    if (rows.began.value && selection.head.row >= Math.max(1, total)) select(FIRST);
  }, [total]);
  const isHeadDrawn = selection.head.row >= seen.first && selection.head.row < seen.end;
  const value = rows.row(selection.head.row)?.[selection.head.column] ?? "";
  const hidden = Math.max(rows.columns.value.length, rows.width.value) - columns.length;
  return (
    <div class="table-grid">
      <GridBar rows={rows} hidden={hidden} tools={tools} onCopy={() => copy(rows, blockOf(selection)).catch(complain)} />
      {rows.problem.value !== null && (
        <p class="form-error" role="alert">
          {rows.problem.value}
        </p>
      )}
      <div
        class="grid-box"
        role="grid"
        ref={box}
        tabIndex={0}
        aria-label={label}
        aria-rowcount={rows.isWhole.value ? total + 1 : -1}
        aria-colcount={columns.length + 1}
        aria-multiselectable="true"
        aria-activedescendant={isHeadDrawn ? "grid-head-cell" : undefined}
        onScroll={() => redraw(n => n + 1)}
        onKeyDown={press}
        onPointerDown={point}
        onPointerMove={point}
        onPointerUp={() => {
          dragged.current = false;
        }}
      >
        <Head rows={rows} columns={columns} />
        <div class="grid-space" role="presentation" style={{ height: `${Math.min(MOST_PX, total * ROW_PX)}px` }}>
          <Body rows={rows} columns={columns} first={seen.first} end={seen.end} top={seen.top} selection={selection} />
        </div>
      </div>
      {rows.began.value && total === 0 && rows.problem.value === null && (
        <p class="quiet grid-empty">{rows.filter === "" ? d.empty : d.noMatch}</p>
      )}
      <output class="grid-value" aria-label={d.value}>
        {value}
      </output>
    </div>
  );
}

function GridBar(props: { rows: TableRows; hidden: number; tools: preact.ComponentChildren; onCopy(): void }) {
  const { rows } = props;
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const filter = (text: string): void => {
    if (timer.current !== null) clearTimeout(timer.current);
    timer.current = setTimeout(() => rows.order({ filter: text.trim() }), FILTER_MS);
  };
  const count = d.size(rows.total.value, Math.max(rows.columns.value.length, rows.width.value));
  return (
    <div class="grid-bar">
      {rows.canFilter.value ? (
        <label class="filter">
          <Icon name="search" />
          <input type="search" aria-label={d.filter} placeholder={d.filter} onInput={event => filter(event.currentTarget.value)} />
        </label>
      ) : (
        rows.began.value && rows.problem.value === null && <span class="quiet">{d.tooLarge}</span>
      )}
      <span class="quiet" role="status">
        {rows.busy.value && !rows.began.value ? d.reading : rows.isWhole.value ? count : d.counting(count)}
        {props.hidden > 0 && `, ${d.hidden(props.hidden)}`}
      </span>
      <span class="grow" />
      <button type="button" class="btn" title={d.copyHint} onClick={() => props.onCopy()}>
        <Icon name="copy" />
        {d.copy}
      </button>
      {props.tools}
    </div>
  );
}
