// @vitest-environment happy-dom
import fc from "fast-check";
import { expect, test } from "vitest";
import { oddIn } from "../../src/model/odd_characters.ts";
import { markOdd } from "../../src/ui/odd_marks.ts";

test("marks leave the text as it is, however it is cut into elements", () => {
  const unit = fc.constantFrom("a", "\n", "\r", "\f", "\u202e", "\u00a0", "😀", "\u0430", "\u{e0041}");
  fc.assert(
    fc.property(fc.array(fc.string({ unit, maxLength: 8 }), { maxLength: 6 }), parts => {
      const element = document.createElement("pre");
      for (const [at, part] of parts.entries()) {
        const span = at % 2 === 0 ? element : element.appendChild(document.createElement("span"));
        span.appendChild(document.createTextNode(part));
      }
      const whole = oddIn(parts.join(""));
      markOdd(element);
      markOdd(element);
      expect(element.textContent).toBe(parts.join(""));
      expect(Array.from(element.querySelectorAll(".odd"), mark => mark.textContent)).toEqual(whole.map(one => one.character));
      for (const mark of element.querySelectorAll<HTMLElement>(".odd")) expect(mark.title).toMatch(/^\w.* \(U\+[0-9A-F]{4,}\)$/);
    }),
  );
});
