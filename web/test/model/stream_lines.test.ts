import { describe, expect, test } from "vitest";
import { bufferOf, complete, keepUp, resolvedText } from "../../src/model/stream_lines.ts";
import type { StreamOutput } from "../../src/model/types.ts";

const output = (...pieces: string[]): StreamOutput => ({
  ...{ kind: "stream", key: 1, name: "stdout", pieces, omitted: null },
  length: pieces.join("").length,
});

describe("the lines of a stream", () => {
  test("grow with the output, in one buffer", () => {
    const one = output("a\n");
    const buffer = bufferOf(one);
    one.pieces.push("b");
    expect(bufferOf(one)).toBe(buffer);
    expect(resolvedText(one)).toBe("a\nb");
  });
  test("are kept up only where somebody looks", () => {
    const [seen, unseen] = [output("a"), output("a")];
    const buffer = bufferOf(seen);
    for (const one of [seen, unseen]) {
      one.pieces.push("b");
      keepUp(one);
    }
    expect(buffer.lines.map(line => line.text)).toEqual(["ab"]);
    expect(resolvedText(unseen)).toBe("ab");
  });
  test("are as a terminal shows them", () => expect(resolvedText(output(" 10%\r", " 50%\r\x1b[31mdone\x1b[0m"))).toBe("done"));
  test("name what was left out until it is put in its place", () => {
    const one: StreamOutput = { ...output("a\n", "c"), omitted: { piece: 1, characters: 2 } };
    expect(resolvedText(one)).toContain("2 characters are not loaded here");
    complete(one, "b\n");
    expect([resolvedText(one), one.length, one.omitted]).toEqual(["a\nb\nc", 5, null]);
    complete(one, "again");
    expect(resolvedText(one)).toBe("a\nb\nc");
  });
});
