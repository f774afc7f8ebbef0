// @vitest-environment happy-dom
import { expect, test } from "vitest";
import {
  fileViewAddress,
  goTo,
  homeAddress,
  notebookAddress,
  outputAddress,
  replaceAddress,
  route,
  routeOf,
  sessionAddress,
  showAddress,
  showReturn,
  textAddress,
} from "../../src/session/route.ts";

test.each([
  ["/", "", { page: "home", folder: "" }],
  ["/", "?in=a/b%20c", { page: "home", folder: "a/b c" }],
  ["/", "?edit=a.py&in=b", { page: "text", path: "a.py" }],
  ["/", "?open=a/b.csv", { page: "file", path: "a/b.csv", view: null }],
  ["/", "?help=guide", { page: "help", name: "guide" }],
  ["/s/1f%20x", "", { page: "session", session: "1f x" }],
  ["/s/1f", "?output=a%20b&at=2", { page: "session", session: "1f", output: { cell: "a b", at: 2 } }],
  ["/s/1f", "?output=a&at=-x", { page: "session", session: "1f", output: { cell: "a", at: 0 } }],
  ["/s/1f/", "", { page: "session", session: "1f" }],
  ["/files/a", "", { page: "raw" }],
  ["/exports/1", "", { page: "raw" }],
  ["/nbconvert/html/a.ipynb", "?download=true", { page: "raw" }],
  ["/", "?then=%2Flab%2Ftree%2Fa.ipynb%3Freset", { page: "jupyter", address: "/lab/tree/a.ipynb?reset" }],
  ["/", "?then=%2Ftree", { page: "jupyter", address: "/tree" }],
  ["/", "?then=%2Flabs", { page: "nowhere" }],
  ["/", "?then=%2F%2Fevil.example%2Flab", { page: "nowhere" }],
  ["/", "?then=https%3A%2F%2Fevil.example%2Flab", { page: "nowhere" }],
  ["/n/a/b%20c.ipynb", "", { page: "notebook", path: "a/b c.ipynb" }],
  ["/n/100%.ipynb", "", { page: "notebook", path: "100%.ipynb" }],
  ["/s/%", "", { page: "session", session: "%" }],
  ["/s/1/2", "", { page: "nowhere" }],
  ["/elsewhere", "", { page: "nowhere" }],
])("%s%s is a page", (path, query, page) => expect(routeOf(path, query)).toEqual(page));

test("addresses lead back to what they are of", () => {
  for (const name of ["", "a/b", "ä ö&?#/x%"]) {
    const home = new URL(homeAddress(name), "http://h");
    expect(routeOf(home.pathname, home.search)).toEqual({ page: "home", folder: name });
    const text = new URL(textAddress(name), "http://h");
    expect(routeOf(text.pathname, text.search)).toEqual({ page: "text", path: name });
    const view = new URL(fileViewAddress(name, "table"), "http://h");
    expect(routeOf(view.pathname, view.search)).toEqual({ page: "file", path: name, view: "table" });
    const notebook = new URL(notebookAddress(name), "http://h");
    expect(routeOf(notebook.pathname)).toEqual({ page: "notebook", path: name });
  }
  expect(routeOf(sessionAddress("a/b"))).toEqual({ page: "session", session: "a/b" });
});

test("going somewhere changes the address and shows its page, the same one again too", () => {
  const seen: unknown[] = [];
  const stop = route.subscribe(now => void seen.push(now));
  goTo("/s/1");
  goTo("/s/1");
  expect([location.pathname, seen.length]).toEqual(["/s/1", 3]);
  history.replaceState(null, "", "/?edit=x");
  showAddress();
  expect(route.value).toEqual({ page: "text", path: "x" });
  stop();
});

test("coming back to a page that is shown makes nothing anew", () => {
  replaceAddress("/s/1");
  const shown = route.value;
  history.replaceState(null, "", "/s/1#there");
  showReturn();
  expect(route.value).toBe(shown);
  history.replaceState(null, "", "/s/2");
  showReturn();
  expect(route.value).toEqual({ page: "session", session: "2" });
});

test("an output has an address of its own", () => {
  const [path, query] = outputAddress("1 f", { cell: "a&b", at: 3 }).split("?");
  expect(routeOf(path ?? "", `?${query}`)).toEqual({ page: "session", session: "1 f", output: { cell: "a&b", at: 3 } });
});
