import { describe, expect, test } from "vitest";
import { headingId, slug } from "../../src/outputs/heading_ids.ts";

describe("ids of headings", () => {
  test("are those of Jupyter and of GitHub", () => {
    expect(headingId(" The  end? ")).toBe("The-end?");
    expect(slug("The End, of Ä_1?")).toBe("the-end-of-ä_1");
  });
});
