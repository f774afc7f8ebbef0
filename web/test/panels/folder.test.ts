import { expect, test } from "vitest";
import { arranged } from "../../src/panels/folder.ts";
import type { File } from "../../src/rpc/schema.ts";

test("entries are filtered by words and sorted with folders first", () => {
  const file = (name: string, size: number, kind: File["kind"] = "file"): File => ({
    name,
    path: name,
    kind,
    size,
    modified: "",
    etag: "",
    is_writable: true,
    session: null,
    kernel_state: null,
  });
  const all = [file("a10", 1), file("a9", 2), file("zoo", 0, "folder"), file("B", 3)];
  const names = (...how: [string, "name" | "size", boolean]): string[] => arranged(all, ...how).map(one => one.name);
  expect(names("", "name", false)).toEqual(["zoo", "a9", "a10", "B"]);
  expect(names("", "size", true)).toEqual(["zoo", "B", "a9", "a10"]);
  expect(names("A 1", "name", false)).toEqual(["a10"]);
});
