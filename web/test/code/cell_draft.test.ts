// @vitest-environment happy-dom
import { EditorView } from "@codemirror/view";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { CellDraft } from "../../src/code/cell_draft.ts";
import { applyChanges } from "../../src/model/source_text.ts";
import { Connection } from "../../src/rpc/connection.ts";
import type { AnyEvent, EditCell } from "../../src/rpc/schema.ts";
import { SessionStore } from "../../src/session/store.ts";
import { numbered } from "../log.ts";
import { FakeWorld, settle } from "../world.ts";

const OPEN: SessionStore[] = [];
afterEach(() => {
  for (const store of OPEN.splice(0)) {
    store.drafts.clear();
    store.drafted("a");
    store.close();
  }
});

/** A server for one cell: it takes a change only on top of the newest version, and tells everybody. */
class Server {
  version = 0;
  log: AnyEvent[];
  readonly pages: Page[] = [];

  constructor(public source = "start") {
    this.log = numbered([
      { type: "session_created", session: "s", title: "t" },
      { type: "cell_inserted", cell: "a", after: null, cell_type: "code", source },
    ]);
  }

  edit(page: Page, id: number, params: EditCell): void {
    if (params.version !== this.version) {
      page.world.last.say({
        jsonrpc: "2.0",
        id,
        error: { code: -32005, message: "stale", data: { name: "stale_version", version: this.version } },
      });
      return;
    }
    for (const changes of params.changes) {
      this.source = applyChanges(this.source, changes);
      this.version++;
      const client = params.client ?? "";
      this.log.push({
        type: "cell_edited",
        seq: this.log.length + 1,
        time: "2026-01-01T00:00:00Z",
        cell: "a",
        version: this.version,
        changes,
        client,
      });
    }
    page.world.last.say({ jsonrpc: "2.0", id, result: { seq: this.log.length } });
  }
}

/** One browser: its calls wait until the test lets the server see them, its events until the test delivers them. */
class Page {
  readonly world = new FakeWorld();
  readonly connection = new Connection(this.world);
  readonly store = new SessionStore(this.connection, "s");
  draft: CellDraft | null = null;
  #served = 0;

  constructor(
    readonly server: Server,
    readonly name: string,
  ) {
    this.connection.start();
    this.store.open();
    OPEN.push(this.store);
  }

  async connect(): Promise<void> {
    this.#served = 0;
    this.world.last.open();
    this.world.last.answer("session.subscribe", { first_seq: 1, snapshot: null, seq: this.server.log.length });
    await settle();
    this.deliver();
    this.draft ??= new CellDraft(this.store, "a", () => []);
    await settle();
  }

  /** Lets the server see the calls that were made. */
  async serve(): Promise<void> {
    const calls = this.world.last.sent.slice(this.#served);
    this.#served = this.world.last.sent.length;
    for (const call of calls)
      if (call.method === "cell.edit") this.server.edit(this, call.id, { ...(call.params as EditCell), client: this.name });
    await settle();
  }

  deliver(): void {
    const events = this.server.log
      .slice(this.store.model.seq)
      .map(event => (event.type === "cell_edited" && event.client === this.name ? { ...event, client: this.draft?.client ?? "" } : event));
    if (events.length > 0)
      this.world.last.say({ jsonrpc: "2.0", method: "events", params: { session: "s", first: this.store.model.seq + 1, events } });
  }

  type(at: number, remove: number, insert: string): void {
    const draft = this.draft;
    if (draft === null) throw new Error("not connected yet");
    const from = at % (draft.state.doc.length + 1);
    const changes = { from, to: Math.min(draft.state.doc.length, from + remove), insert };
    const transaction = draft.state.update({ changes, userEvent: "input" });
    draft.applied([transaction], transaction.state);
  }
}

type Step = { page: number; act: "type" | "push" | "serve" | "deliver" | "cut"; at: number; remove: number; insert: string };
const step: fc.Arbitrary<Step> = fc.record({
  page: fc.nat({ max: 2 }),
  act: fc.constantFrom("type", "type", "push", "serve", "deliver", "cut"),
  at: fc.nat({ max: 50 }),
  remove: fc.nat({ max: 3 }),
  insert: fc.constantFrom("x", "yz", "\n", "\r\n", "\r", "\f", "\0", "\u2028", "\u202e", "é", "中", ""),
});

/** Texts of one kind of ends, of another, and of both. */
const source = fc.constantFrom("start", "a\nb\n", "a\r\nb\r\n\r\nc", "a\r\nb\nc\rd");

async function take(page: Page, one: Step): Promise<void> {
  if (one.act === "type") page.type(one.at, one.remove, one.insert);
  else if (one.act === "push") page.draft?.push();
  else if (one.act === "serve") await page.serve();
  else if (one.act === "deliver") page.deliver();
  else {
    page.world.last.fail();
    page.connection.retryNow();
    await settle();
    await page.connect();
  }
  await settle();
}

describe("drafts", () => {
  test("an editor that was taken down has no say", async () => {
    const page = new Page(new Server(), "one");
    await page.connect();
    const { draft } = page;
    if (draft === null) throw new Error("not connected");
    const view = new EditorView({ state: draft.state, dispatchTransactions: (done, target) => draft.dispatch(done, target) });
    draft.view = view;
    view.dispatch({ changes: { from: 0, insert: "x" } });
    draft.view = null;
    draft.push();
    await page.serve();
    page.deliver();
    view.dispatch({ selection: { anchor: 1 } }); // a late answer
    expect([draft.text(), draft.pending()]).toEqual(["xstart", 0]);
  });
  test("three editors end with one text, whatever is cut, refused or late", async () => {
    await fc.assert(
      fc.asyncProperty(source, fc.array(step, { maxLength: 60 }), async (text, steps) => {
        const server = new Server(text);
        const pages = ["one", "two", "three"].map(name => new Page(server, name));
        for (const page of pages) await page.connect();
        for (const one of steps) await take(pages[one.page] as Page, one);
        for (let round = 0; round < 40; round++)
          for (const page of pages) {
            page.draft?.push();
            await page.serve();
            page.deliver();
            await settle();
          }
        for (const page of pages) {
          expect(page.draft?.pending()).toBe(0);
          expect(page.draft?.text()).toBe(server.source);
          expect(page.store.model.cells.get("a")?.source).toBe(server.source);
        }
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  test("an edit whose answer was lost is taken once", async () => {
    const server = new Server();
    const page = new Page(server, "one");
    await page.connect();
    page.type(0, 0, "X");
    page.draft?.push();
    await page.serve();
    page.world.last.fail();
    page.connection.retryNow();
    await settle();
    await page.connect();
    await page.serve();
    page.deliver();
    expect(server.source).toBe("Xstart");
    expect(page.draft?.pending()).toBe(0);
  });

  test("edits of somebody who may not edit any more are given up, and the text is the server's", async () => {
    const server = new Server();
    const page = new Page(server, "one");
    await page.connect();
    page.type(0, 0, "X");
    page.draft?.push();
    await settle();
    page.world.last.refuse("cell.edit", "not_permitted");
    await settle();
    expect(page.draft?.text()).toBe("start");
    expect(page.draft?.pending()).toBe(0);
    expect(page.store.unsent.value).toBe(0);
  });

  test("edits that are made without a line are kept and sent when it is back", async () => {
    const server = new Server();
    const page = new Page(server, "one");
    await page.connect();
    page.world.last.fail();
    await settle();
    page.type(5, 0, "!");
    page.draft?.push();
    expect(page.draft?.text()).toBe("start!");
    expect(page.draft?.pending()).toBe(1);
    page.connection.retryNow();
    await page.connect();
    await page.serve();
    page.deliver();
    expect(server.source).toBe("start!");
    expect(page.draft?.pending()).toBe(0);
  });

  test("a session that is given anew keeps what was not sent", async () => {
    const server = new Server();
    const page = new Page(server, "one");
    await page.connect();
    page.world.last.fail();
    await settle();
    page.type(5, 0, " mine");
    page.connection.retryNow();
    page.world.last.open();
    const cell = { type: "cell_inserted", seq: 1, time: "2026-01-01T00:00:00Z", cell: "a", after: null, cell_type: "code" };
    server.source = "start, changed";
    server.version = 9;
    const [head] = server.log;
    server.log = Array.from({ length: 20 }, (_, at) => ({ ...(head as AnyEvent), seq: at + 1 }));
    page.world.last.answer("session.subscribe", {
      first_seq: 15,
      seq: 20,
      snapshot: { seq: 20, events: [{ ...cell, source: server.source, version: 9 }] },
    });
    await settle();
    await page.serve();
    page.deliver();
    expect(server.source).toBe("start mine");
    expect(page.draft?.pending()).toBe(0);
  });

  test("a carriage return in a source counts as one unit, as it does for the server", async () => {
    const server = new Server();
    const page = new Page(server, "one");
    await page.connect();
    page.type(0, 5, "");
    page.type(0, 0, "a\rb");
    page.draft?.push();
    await page.serve();
    page.deliver();
    expect(server.source).toBe("a\rb");
  });
});
