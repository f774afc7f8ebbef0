import { describe, expect, test } from "vitest";
import { isReport } from "../../src/model/terminal_answers.ts";

describe("what a terminal answers by itself", () => {
  test.each([
    "\x1b[?1;2c",
    "\x1b[>0;276;0c",
    "\x1b[12;40R",
    "\x1b[0n",
    "\x1b[?2004;1$y",
    "\x1b]11;rgb:ff/ff/ff\x1b\\",
    "\x1bP1$r0m\x1b\\",
    "\x1b[I",
    "\x1b[O",
    "\x1b[1;1R\x1b[0n",
  ])("%j is a report", text => expect(isReport(text)).toBe(true));
  test.each(["", "a", "\r", "\x03", "\x1b", "\x1b[A", "\x1bOA", "\x1b[200~ls\x1b[201~", "\x1b[<0;1;1M", "\x1b[5~", "x\x1b[0n"])(
    "%j is typed",
    text => expect(isReport(text)).toBe(false),
  );
});
