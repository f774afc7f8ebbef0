import { expect, test } from "vitest";
import { PAGE, type TablePart, type TableQuery, TableRows } from "../../src/outputs/table_rows.ts";
import { settle } from "../world.ts";

/** A table of numbers that counts its rows a thousand at a time, and gives at most `most` at once. */
class Numbers {
  asked: TableQuery[] = [];
  counted = 1000;
  constructor(
    readonly all: number,
    readonly most = PAGE,
  ) {}

  async read(query: TableQuery): Promise<TablePart> {
    this.asked.push(query);
    const total = Math.min(this.all, this.counted);
    this.counted += 1000;
    const length = Math.max(0, Math.min(query.limit, this.most, total - query.offset));
    const rows = Array.from({ length }, (_, n) => [String(query.descending ? this.all - query.offset - n : query.offset + n)]);
    return { columns: ["n"], rows, total, isWhole: total === this.all, canSort: true, canFilter: true };
  }
}

async function started(source: Numbers): Promise<TableRows> {
  const rows = new TableRows(source);
  rows.start();
  await settle();
  return rows;
}

test("the first page comes, and all rows are counted", async () => {
  const rows = await started(new Numbers(2500));
  expect([rows.row(0), rows.row(PAGE - 1), rows.row(PAGE), rows.label(3)]).toEqual([["0"], [String(PAGE - 1)], null, "4"]);
  expect([rows.total.value, rows.isWhole.value, rows.columns.value]).toEqual([2500, true, ["n"]]);
});

test("what is seen is fetched, once, whole where rows are long", async () => {
  const source = new Numbers(2500, 70);
  const rows = await started(source);
  const before = source.asked.length;
  rows.see(990, 1010);
  rows.see(990, 1010);
  await settle();
  expect([rows.row(999), rows.row(1000), rows.row(1199)]).toEqual([["999"], ["1000"], ["1199"]]);
  expect(source.asked.length - before).toBe(6);
});

test("another order begins anew", async () => {
  const rows = await started(new Numbers(2500));
  rows.turn(0);
  expect([rows.sort, rows.descending]).toEqual([0, false]);
  rows.turn(0);
  await settle();
  expect([rows.row(0), rows.row(PAGE)]).toEqual([["2500"], null]);
  rows.turn(0);
  expect([rows.sort, rows.descending]).toEqual([null, false]);
});

test("all rows can be walked through", async () => {
  const rows = await started(new Numbers(700, 90));
  const all: string[] = [];
  for await (const [row] of rows.each(150, 700)) all.push(row[0] ?? "");
  expect([all.length, all[0], all.at(-1)]).toEqual([550, "150", "699"]);
});

test("who walks through rows gets whole values", async () => {
  const rows = new TableRows({
    read: async ({ offset, whole = false }) => ({
      columns: ["text"],
      rows: offset === 0 ? [["x".repeat(whole ? 5000 : 2000)]] : [],
      total: 1,
      isWhole: true,
      canSort: true,
      canFilter: true,
    }),
  });
  rows.start();
  await settle();
  const all: number[] = [];
  for await (const [row] of rows.each(0, 1)) all.push(row[0]?.length ?? 0);
  expect(all).toEqual([5000]);
});

test("a source that fails says why", async () => {
  const rows = new TableRows({ read: () => Promise.reject(new Error("It is gone.")) });
  rows.start();
  await settle();
  expect([rows.problem.value, rows.began.value]).toEqual(["It is gone.", true]);
});
