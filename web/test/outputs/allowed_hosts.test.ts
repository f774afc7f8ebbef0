// @vitest-environment happy-dom
import { beforeEach, describe, expect, test } from "vitest";
import { allowedHosts, allowHosts, forbidHere, forbidHost, hostsHere, notebookHosts } from "../../src/outputs/allowed_hosts.ts";
import { type Open, open } from "../../src/session/open_session.ts";

const opened = (path: string | null): void => {
  open.value = { store: { id: "s1", model: { file: path === null ? null : { path } } } } as unknown as Open;
};

beforeEach(() => {
  localStorage.clear();
  allowedHosts.value = [];
  notebookHosts.value = {};
});

describe("what a person allows", () => {
  test("holds in one notebook, or in all", () => {
    opened("a.ipynb");
    allowHosts(["x.example.org"], "notebook");
    allowHosts(["y.example.org"], "always");
    expect(hostsHere()).toEqual(["y.example.org", "x.example.org"]);
    opened(null);
    expect(hostsHere()).toEqual(["y.example.org"]);
    allowHosts(["z.example.org"], "notebook");
    expect(notebookHosts.value).toEqual({ "a.ipynb": ["x.example.org"], s1: ["z.example.org"] });
    expect(JSON.parse(localStorage.getItem("webipy.notebook-hosts") ?? "")).toEqual(notebookHosts.value);
  });

  test("is taken back", () => {
    opened("a.ipynb");
    allowHosts(["x.example.org", "y.example.org"], "notebook");
    allowHosts(["x.example.org"], "always");
    forbidHere("x.example.org");
    expect(hostsHere()).toEqual(["y.example.org"]);
    forbidHost("y.example.org", "a.ipynb");
    expect(notebookHosts.value).toEqual({});
  });

  test("is bounded", () => {
    opened("a.ipynb");
    allowHosts(
      Array.from({ length: 80 }, (_, at) => `h${at}.example.org`),
      "always",
    );
    expect(allowedHosts.value.length).toBe(50);
    for (let at = 0; at < 130; at++) {
      opened(`${at}.ipynb`);
      allowHosts(["x.example.org"], "notebook");
    }
    expect(Object.keys(notebookHosts.value).length).toBe(100);
  });
});
