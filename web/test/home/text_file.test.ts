import { afterEach, expect, test, vi } from "vitest";
import { conflictLines, hasUnsaved, MOST_BYTES, TextFile } from "../../src/home/text_file.ts";
import { lineBreakOf } from "../../src/model/source_text.ts";
import type { Connection } from "../../src/rpc/connection.ts";
import { RpcFailure } from "../../src/rpc/messages.ts";

/** One file on a server, and a page that edits it. */
class Disk {
  body: string | null = "one\n";
  etag = 1;
  copies: string[] = [];

  connection = {
    phase: "live",
    onPhase: () => () => {},
    onNotification: () => () => {},
    call: async (method: string): Promise<unknown> => {
      if (method === "file.copy") {
        this.copies.push(this.body ?? "");
        return { path: "d/a 2.txt" };
      }
      if (method !== "file.stat") return {};
      if (this.body === null) throw new RpcFailure(-32003, "There is none.", "not_found", {});
      return { kind: "file", size: this.body.length, etag: String(this.etag), is_writable: true };
    },
  } as unknown as Connection;

  fetch = async (_: string, asked: RequestInit): Promise<Response> => {
    const headers = () => ({ etag: `"${this.etag}"` });
    if (asked.method !== "PUT") return new Response(this.body, { headers: headers() });
    const match = new Headers(asked.headers);
    const fits = match.get("if-match") === `"${this.etag}"` || (match.has("if-none-match") && this.body === null);
    if (!fits) return new Response("{}", { status: 412 });
    this.write(String(asked.body));
    return new Response("{}", { headers: headers() });
  };

  write(body: string): void {
    this.body = body;
    this.etag++;
  }

  async open(): Promise<TextFile> {
    vi.stubGlobal("fetch", this.fetch);
    const file = new TextFile(this.connection, "d/a.txt");
    await file.load();
    return file;
  }
}

function type(file: TextFile, text: string): void {
  file.current = () => text;
  file.edited();
}

afterEach(() => vi.unstubAllGlobals());

test("ends of lines are those of the text, where it has one kind", () => {
  expect(["", "a", "a\nb\n", "a\r\nb\r\n", "a\r\nb\n", "a\rb"].map(lineBreakOf)).toEqual(["\n", "\n", "\n", "\r\n", "\n", "\n"]);
});

test("conflicts are found by the marks of git", () => {
  expect(conflictLines("a\n<<<<<<< x\nb\n=======\nc\n>>>>>>> y\n<<<<<<< x\n>>>>>>> y")).toEqual([2, 7]);
  expect(conflictLines("<<<<<<< only one kind\n")).toEqual([]);
  expect(conflictLines("a\r\n<<<<<<< x\r\n=======\r\n>>>>>>> y\r\n")).toEqual([2]);
});

test("a text is saved over the file that was read", async () => {
  const disk = new Disk();
  const file = await disk.open();
  type(file, "two\n");
  expect(await file.save()).toBe(true);
  expect([disk.body, file.dirty.value]).toEqual(["two\n", false]);
});

test("a file that was changed meanwhile is not written over, and both versions are kept", async () => {
  const disk = new Disk();
  const file = await disk.open();
  type(file, "mine\n");
  disk.write("theirs\n");
  expect(await file.save()).toBe(false);
  expect([disk.body, file.conflict.value]).toEqual(["theirs\n", "changed"]);
  await file.keepMine();
  expect([disk.body, disk.copies, file.conflict.value]).toEqual(["mine\n", ["theirs\n"], null]);
});

test("a change is shown at once when nothing is unsaved, and a deleted file can be written again", async () => {
  const disk = new Disk();
  const file = await disk.open();
  disk.write("theirs\n");
  await file.check();
  expect([file.content.value?.text, file.conflict.value]).toEqual(["theirs\n", null]);
  type(file, "mine\n");
  disk.body = null;
  await file.check();
  expect(file.conflict.value).toBe("deleted");
  await file.keepMine();
  expect([disk.body, file.conflict.value]).toEqual(["mine\n", null]);
});

test("what is not saved is there for whoever comes back", async () => {
  const disk = new Disk();
  const first = await disk.open();
  type(first, "mine\n");
  first.close();
  expect(hasUnsaved()).toBe(true);
  const again = await disk.open();
  expect([again.content.value?.text, again.dirty.value]).toEqual(["mine\n", true]);
  again.current = () => "mine\n";
  await again.save();
  again.close();
  expect([disk.body, hasUnsaved()]).toEqual(["mine\n", false]);
});

test("what is too large or no text is told", async () => {
  const disk = new Disk();
  disk.body = "x".repeat(MOST_BYTES + 1);
  expect((await disk.open()).problem.value).toContain("can be edited here");
  disk.body = "a\0b";
  expect((await disk.open()).problem.value).toContain("not text");
});
