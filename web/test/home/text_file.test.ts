import { afterEach, expect, test, vi } from "vitest";
import type { Draft } from "../../src/home/text_drafts.ts";
import { conflictLines, MOST_BYTES, TextFile } from "../../src/home/text_file.ts";
import type { Connection } from "../../src/rpc/connection.ts";
import { RpcFailure } from "../../src/rpc/messages.ts";

/** One file on a server, and a page that edits it. */
class Disk {
  body: string | null = "one\n";
  bytes: Uint8Array<ArrayBuffer> | null = null;
  drafts = new Map<string, Draft>();
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
    if (asked.method !== "PUT") return new Response(this.bytes ?? this.body, { headers: headers() });
    const match = new Headers(asked.headers);
    const fits = match.get("if-match") === `"${this.etag}"` || (match.has("if-none-match") && this.body === null);
    if (!fits) return new Response("{}", { status: 412 });
    this.bytes = asked.body as Uint8Array<ArrayBuffer>;
    this.write(new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.bytes));
    return new Response("{}", { headers: headers() });
  };

  /** As another program does. */
  change(body: string): void {
    this.bytes = null;
    this.write(body);
  }

  write(body: string): void {
    this.body = body;
    this.etag++;
  }

  async open(): Promise<TextFile> {
    vi.stubGlobal("fetch", this.fetch);
    const file = new TextFile(this.connection, "d/a.txt", {
      get: async path => this.drafts.get(path),
      put: async draft => this.drafts.set(draft.path, draft),
      delete: async path => this.drafts.delete(path),
    });
    await file.load();
    return file;
  }
}

function type(file: TextFile, text: string): void {
  file.shown = text;
  file.edited();
}

afterEach(() => vi.unstubAllGlobals());

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
  disk.change("theirs\n");
  expect(await file.save()).toBe(false);
  expect([disk.body, file.conflict.value]).toEqual(["theirs\n", "changed"]);
  await file.keepMine();
  expect([disk.body, disk.copies, file.conflict.value]).toEqual(["mine\n", ["theirs\n"], null]);
});

test("a change is shown at once when nothing is unsaved, and a deleted file can be written again", async () => {
  const disk = new Disk();
  const file = await disk.open();
  disk.change("theirs\n");
  await file.check();
  expect([file.content.value?.text, file.conflict.value]).toEqual(["theirs\n", null]);
  type(file, "mine\n");
  disk.body = null;
  await file.check();
  expect(file.conflict.value).toBe("deleted");
  await file.keepMine();
  expect([disk.body, file.conflict.value]).toEqual(["mine\n", null]);
});

test("a change elsewhere in the text is merged, and nobody is asked", async () => {
  const disk = new Disk();
  disk.body = "one\ntwo\nthree\n";
  const file = await disk.open();
  type(file, "ONE\ntwo\nthree\n");
  disk.change("one\ntwo\nthree\nfour\n");
  expect(await file.save()).toBe(false);
  expect([file.shown, file.conflict.value, file.dirty.value]).toEqual(["ONE\ntwo\nthree\nfour\n", null, true]);
  expect(await file.save()).toBe(true);
  expect(disk.body).toBe("ONE\ntwo\nthree\nfour\n");
});

test("a conflict is compared, and what is left of it is saved over the version that was seen", async () => {
  const disk = new Disk();
  const file = await disk.open();
  type(file, "mine\n");
  disk.change("theirs\n");
  await file.check();
  file.compare();
  expect([file.compared.value, file.conflict.value, file.dirty.value]).toEqual(["theirs\n", null, true]);
  type(file, "theirs\nmine\n");
  expect(await file.save()).toBe(true);
  expect([disk.body, disk.copies, file.compared.value]).toEqual(["theirs\nmine\n", [], null]);
});

test("what is not saved is there for whoever comes back, until it is saved", async () => {
  const disk = new Disk();
  const first = await disk.open();
  type(first, "mine\n");
  expect(first.isKept).toBe(false);
  first.close();
  expect([first.isKept, disk.drafts.size]).toEqual([true, 1]);
  const again = await disk.open();
  expect([again.shown, again.content.value?.text, again.dirty.value]).toEqual(["mine\n", "one\n", true]);
  await again.save();
  again.close();
  expect([disk.body, disk.drafts.size]).toEqual(["mine\n", 0]);
});

test("a draft meets what the file has become", async () => {
  const disk = new Disk();
  const first = await disk.open();
  type(first, "mine\n");
  first.close();
  disk.change("theirs\n");
  const again = await disk.open();
  expect([again.shown, again.conflict.value, again.theirs.value?.text]).toEqual(["mine\n", "changed", "theirs\n"]);
  disk.body = null;
  expect((await disk.open()).conflict.value).toBe("deleted");
});

test("a file keeps its encoding; a character that it does not have is told", async () => {
  const disk = new Disk();
  disk.bytes = Uint8Array.from([0x67, 0x72, 0xfc, 0xdf, 10]);
  const file = await disk.open();
  type(file, "grüße\n");
  expect(await file.save()).toBe(true);
  expect([...(disk.bytes ?? [])]).toEqual([0x67, 0x72, 0xfc, 0xdf, 0x65, 10]);
  type(file, "→\n");
  expect([await file.save(), file.unwritable.value]).toEqual([false, "→"]);
  expect(await file.saveAsUtf8()).toBe(true);
  expect(disk.body).toBe("→\n");
});

test("what is too large or no text is told", async () => {
  const disk = new Disk();
  disk.body = "a\0b";
  expect((await disk.open()).problem.value).toContain("not text");
  disk.body = { length: MOST_BYTES + 1 } as unknown as string;
  expect((await disk.open()).problem.value).toContain("can be edited here");
});
