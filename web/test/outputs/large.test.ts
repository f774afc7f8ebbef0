/** Large values of outputs: what metadata refer to, and how it is had. */
import { describe, expect, it, vi } from "vitest";
import { largeOf } from "../../src/outputs/large.ts";
import { AT_ONCE, downloadOf, fetchLarge, isFetched, shownSize } from "../../src/outputs/large_values.ts";

const SHA = "a".repeat(64);
const picture = { type: "image/png", sha256: SHA, size: 4_000_000, json: false };

describe("large values", () => {
  it("are found in the metadata, and nothing else is taken for them", () => {
    const blobs = {
      "text/plain": { sha256: "b".repeat(64), size: 9 },
      "image/png": { sha256: SHA, size: 4_000_000 },
      x: { sha256: "../x", size: 1 },
      y: 3,
    };
    expect(largeOf({ webipy: { blobs } })).toEqual([picture, { type: "text/plain", sha256: "b".repeat(64), size: 9, json: false }]);
    for (const metadata of [{}, { webipy: 1 }, { webipy: { blobs: [] } }, { webipy: { blobs: null } }])
      expect(largeOf(metadata)).toEqual([]);
  });
  it("are fetched at once while they are not too large, texts on request", () => {
    expect(isFetched(picture)).toBe(true);
    expect(isFetched({ ...picture, size: AT_ONCE + 1 })).toBe(false);
    expect(isFetched({ ...picture, type: "text/plain" })).toBe(false);
    expect([shownSize(picture), shownSize({ ...picture, type: "image/svg+xml" })]).toEqual([3_000_000, 4_000_000]);
  });
  it("are downloaded as what they are", () => {
    expect(downloadOf("s1", picture)).toEqual({ address: `/outputs/s1/${SHA}?type=image%2Fpng&name=output.png`, name: "output.png" });
    const names = ["image/svg+xml", "text/plain", "application/vnd.x+json", "audio/x-wav", "strange"].map(
      type => downloadOf("s", { ...picture, type }).name,
    );
    expect(names).toEqual(["output.svg", "output.txt", "output.json", "output.wav", "output.bin"]);
  });
  it("come as text or as JSON, or with the reason why not", async () => {
    const answers = [new Response("iVBO"), new Response('[1,{"a":2}]'), new Response('{"message":"It is gone."}', { status: 404 })];
    vi.stubGlobal("fetch", async () => answers.shift());
    expect(await fetchLarge("s", picture)).toBe("iVBO");
    expect(await fetchLarge("s", { ...picture, json: true })).toEqual([1, { a: 2 }]);
    await expect(fetchLarge("s", picture)).rejects.toThrow("It is gone.");
    vi.unstubAllGlobals();
  });
});
