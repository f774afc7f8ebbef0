import { describe, expect, test } from "vitest";
import { type Part, parseFromFrame } from "../../src/frame/protocol.ts";
import type { Json } from "../../src/rpc/schema.ts";

const part = (value: Json): Part => ({ value, buffers: [] });
describe("what a frame may say", () => {
  test("only what has the right form is heard", () => {
    for (const strange of [
      null,
      1,
      "ready",
      [],
      {},
      { webipy: "show" },
      { webipy: "size", height: Number.NaN },
      { webipy: "want", name: "__proto__" },
      { webipy: "blocked", host: "localhost" },
      { webipy: "need", address: "a.json" },
      { webipy: "need", address: "a.json", beside: 1 },
      { webipy: "need", address: "a", beside: "b".repeat(9000) },
      { webipy: "key", keys: ["Ctrl+s"] },
      { webipy: "blocked", host: "a b.example" },
      { webipy: "link", address: "https://x.example" },
      { webipy: "link", address: "x".repeat(9000), text: "" },
      { webipy: "model" },
      { webipy: "module" },
      { webipy: "part", path: 1 },
      { webipy: "set", comm: "c", state: { a: 1 }, number: 1 },
      { webipy: "set", comm: "c", state: { a: { value: 1, buffers: [[[], "<b>"]] } }, number: 1 },
      { webipy: "set", comm: "c", state: {}, number: 0.5 },
      { webipy: "custom", comm: "c", content: undefined, buffers: [] },
      { webipy: "custom", comm: "c", content: 1n, buffers: [] },
      { webipy: "custom", comm: "c", content: {}, buffers: [new ArrayBuffer(1)] },
    ])
      expect(parseFromFrame(strange)).toBeNull();
    expect(parseFromFrame({ webipy: "blocked", host: "cdn.example.org:8443", more: 1 })).toEqual({
      webipy: "blocked",
      host: "cdn.example.org:8443",
    });
    expect(parseFromFrame({ webipy: "set", comm: "c", state: { a: part([1]) }, number: 1 })).toEqual({
      webipy: "set",
      comm: "c",
      state: { a: part([1]) },
      number: 1,
    });
  });
});
