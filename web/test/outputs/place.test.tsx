// @vitest-environment happy-dom
import { render } from "preact";
import { afterEach, expect, test } from "vitest";
import { PaintedOutput, useOutputAddress } from "../../src/outputs/place.ts";
import { type Open, open } from "../../src/session/open_session.ts";

afterEach(() => {
  open.value = null;
});

function Address() {
  return <p>{useOutputAddress() ?? "none"}</p>;
}

test("an output of a cell has an address, others have none", () => {
  const place = document.createElement("div");
  const show = (inCell: { cell: string; at: number } | null): string | null => {
    render(
      <PaintedOutput.Provider value={{ run: "r", key: 1, inCell }}>
        <Address />
      </PaintedOutput.Provider>,
      place,
    );
    const { textContent } = place;
    render(null, place);
    return textContent;
  };
  expect(show({ cell: "a", at: 1 })).toBe("none");
  open.value = { store: { id: "s" } } as unknown as Open;
  expect([show({ cell: "a b", at: 1 }), show(null)]).toEqual(["/s/s?output=a%20b&at=1", "none"]);
});
