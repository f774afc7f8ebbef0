// @vitest-environment happy-dom
import { expect, test, vi } from "vitest";
import { forPage } from "../../src/home/HelpPage.tsx";
import { linksIn } from "../../src/panels/HelpDialog.tsx";
import { reportOf, serverLines } from "../../src/panels/report.ts";
import type { Connection } from "../../src/rpc/connection.ts";

test("of the links of a kernel, those of the web are shown", () => {
  const [good, plain] = [
    { text: "Python Reference", url: "https://docs.python.org/3.13" },
    { text: "R", url: "http://r.example" },
  ];
  const bad = [
    { text: "x", url: "javascript:alert(1)" },
    { text: "f", url: "file:///etc/passwd" },
    { text: 1, url: "https://a" },
    null,
    "x",
  ];
  expect(linksIn({ help_links: [good, ...bad, plain] })).toEqual([good, plain]);
  for (const content of [null, {}, { help_links: "x" }, 3]) expect(linksIn(content)).toEqual([]);
});

test("links between the texts of the guide lead to their pages, those to other files are words", () => {
  const text =
    "See [the API](docs/protocol.md#calls), [reasons](docs/decisions/0001.md), [x](https://x.example) and [up](#top).\n![A](docs/a.png)\n[w](../docs/glossary.md)";
  expect(forPage(text)).toBe("See [the API](/?help=protocol#calls), reasons, [x](https://x.example) and [up](#top).\n\n[w](/?help=words)");
});

test("a report has the versions that the server tells, and no name or path", async () => {
  const call = vi.fn(async () => ({ version: "1", installed: { Python: "CPython 3.13.1" }, kernelspecs: ["python3"], sessions: 2 }));
  const lines = await serverLines({ call, phase: "live" } as unknown as Connection);
  const line = { phase: "live" } as Connection;
  expect(reportOf(line, null, lines)).toContain("Python: CPython 3.13.1\nKernelspecs: python3; 2 sessions\nBrowser: ");
  expect(await serverLines({ call, phase: "offline" } as unknown as Connection)).toEqual([]);
  expect(call).toHaveBeenCalledTimes(1);
});
