// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import { cellAddress, cellIn, copyCellLink } from "../../src/session/cell_link.ts";
import { setGuest } from "../../src/session/permissions.ts";
import { t } from "../../src/text/en.ts";
import { toasts } from "../../src/ui/notices.ts";
import { notebook } from "../notebook.ts";

afterEach(() => {
  setGuest(null);
  toasts.value = [];
  vi.unstubAllGlobals();
});

test("the address of a cell is that of its notebook by the path, of its session where there is none or for guests", async () => {
  const { store } = await notebook();
  expect(cellAddress(store, "a b")).toBe(`${location.origin}/s/s#cell-id=a%20b`);
  store.model.file = { ...store.model.file, path: "some folder/x.ipynb" } as typeof store.model.file;
  expect(cellAddress(store, "a")).toBe(`${location.origin}/n/some%20folder/x.ipynb#cell-id=a`);
  setGuest("s");
  expect(cellAddress(store, "a")).toBe(`${location.origin}/s/s#cell-id=a`);
});

test("a fragment names a cell, or something else", () => {
  expect([cellIn("cell-id=a"), cellIn("Heading"), cellIn("")]).toEqual(["a", null, null]);
});

test("what is copied is said, and what the browser refuses too", async () => {
  const { store } = await notebook();
  const written: string[] = [];
  vi.stubGlobal("navigator", { clipboard: { writeText: async (text: string) => void written.push(text) } });
  await copyCellLink(store, "a");
  expect(written).toEqual([cellAddress(store, "a")]);
  vi.stubGlobal("navigator", {});
  await copyCellLink(store, "a");
  expect(toasts.value.map(one => one.text)).toEqual([t.linkCopied, t.copyRefused]);
});
