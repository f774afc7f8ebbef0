// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import { upload, uploads } from "../../src/panels/uploads.ts";

afterEach(() => vi.unstubAllGlobals());

test("all parts of an upload carry its id, and no other upload does", async () => {
  const sent: { path: string; range: string | null; id: string | null }[] = [];
  vi.stubGlobal("fetch", async (address: string, { headers }: { headers: Record<string, string> }) => {
    sent.push({ path: address, range: headers["content-range"] ?? null, id: headers["upload-id"] ?? null });
    return new Response("{}", { status: 202 });
  });
  const large = new Uint8Array(9 * 1024 * 1024);
  upload([new File([large], "a"), new File([large], "a"), new File(["small"], "b")], "");
  await vi.waitFor(() => expect(uploads.value).toEqual([]));
  const ids = new Map<string | null, number>();
  for (const { id } of sent) ids.set(id, (ids.get(id) ?? 0) + 1);
  expect([...ids.values()].sort()).toEqual([1, 3, 3]); // two in three parts each, and one whole, which needs none
  expect(ids.get(null)).toBe(1);
  for (const { id, range } of sent) expect(id === null).toBe(range === null);
  for (const id of ids.keys()) if (id !== null) expect(id).toMatch(/^[A-Za-z0-9_-]{8,64}$/);
});
