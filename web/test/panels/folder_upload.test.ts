// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import { readChosen, readDropped, sendFolder } from "../../src/panels/folder_upload.ts";
import { RpcFailure } from "../../src/rpc/messages.ts";
import { connection } from "../../src/session/connection.ts";

const file = (name: string): File => new File([name], name);

/** A folder as a browser drops it: its entries come a few at a time. */
function dropped(name: string, entries: Record<string, unknown>): FileSystemDirectoryEntry {
  const below = Object.entries(entries).map(([child, content]) =>
    content === null
      ? { name: child, isDirectory: false, file: (found: (file: File) => void) => found(file(child)) }
      : dropped(child, content as Record<string, unknown>),
  );
  const createReader = () => {
    const left = [...below];
    return { readEntries: (found: (part: unknown[]) => void) => found(left.splice(0, 2)) };
  };
  return { name, isDirectory: true, createReader } as unknown as FileSystemDirectoryEntry;
}

const none = new AbortController().signal;

afterEach(() => vi.restoreAllMocks());

test("a folder that is dropped is read to its end, without what is hidden", async () => {
  const read = await readDropped(dropped("d", { a: null, ".git": { x: null }, b: null, e: { f: {}, c: null }, ".DS_Store": null }));
  expect(read.folders).toEqual(["d", "d/e", "d/e/f"]);
  expect(read.files.map(one => one.path)).toEqual(["d/a", "d/b", "d/e/c"]);
  expect(read.hidden).toBe(2);
});

test("a folder that is chosen is told by the paths of its files", () => {
  const at = (path: string): File => Object.defineProperty(file(path), "webkitRelativePath", { value: path });
  const read = readChosen([at("d/a"), at("d/e/f/c"), at("d/.git/x")]);
  expect(read?.folders).toEqual(["d", "d/e", "d/e/f"]);
  expect([read?.files.length, read?.hidden]).toEqual([2, 1]);
  expect(readChosen([])).toBe(null);
});

test("folders are made before files are sent; a name that is taken is not touched unless it may be", async () => {
  const made: string[] = [];
  vi.spyOn(connection, "call").mockImplementation((async (_: string, { path }: { path: string }) => {
    if (path === "in/taken") throw new RpcFailure(-32012, "There is something.", "already_exists", {});
    made.push(path);
  }) as never);
  const sent: string[] = [];
  const send = async (path: string): Promise<string | null> => {
    sent.push(path);
    return path.endsWith("bad") ? "The disk is full." : null;
  };
  const files = ["d/a", "d/bad", "d/e/c"].map(path => ({ path, file: file(path) }));
  const outcome = await sendFolder({ name: "d", folders: ["d", "d/e"], files, hidden: 0 }, "in", false, send, none);
  expect(made).toEqual(["in/d", "in/d/e"]);
  expect(sent).toEqual(["in/d/a", "in/d/bad", "in/d/e/c"]);
  expect(outcome).toEqual({ taken: false, failed: 1, reason: "bad: The disk is full." });
  const content = { name: "taken", folders: ["taken"], files: [{ path: "taken/a", file: file("a") }], hidden: 0 };
  expect((await sendFolder(content, "in", false, send, none)).taken).toBe(true);
  expect(sent.length).toBe(3);
  expect((await sendFolder(content, "in", true, send, none)).taken).toBe(false);
  expect(sent.at(-1)).toBe("in/taken/a");
});
