// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { goTo, homeAddress, route, routeOf, sessionAddress, showAddress, textAddress } from "../../src/session/route.ts";

test.each([
  ["/", "", { page: "home", folder: "" }],
  ["/", "?in=a/b%20c", { page: "home", folder: "a/b c" }],
  ["/", "?edit=a.py&in=b", { page: "text", path: "a.py" }],
  ["/s/1f%20x", "", { page: "session", session: "1f x" }],
  ["/s/1f/", "", { page: "session", session: "1f" }],
  ["/files/a", "", { page: "raw" }],
  ["/exports/1", "", { page: "raw" }],
  ["/s/1/2", "", { page: "nowhere" }],
  ["/elsewhere", "", { page: "nowhere" }],
])("%s%s is a page", (path, query, page) => expect(routeOf(path, query)).toEqual(page));

test("addresses lead back to what they are of", () => {
  for (const name of ["", "a/b", "ä ö&?#/x%"]) {
    const home = new URL(homeAddress(name), "http://h");
    expect(routeOf(home.pathname, home.search)).toEqual({ page: "home", folder: name });
    const text = new URL(textAddress(name), "http://h");
    expect(routeOf(text.pathname, text.search)).toEqual({ page: "text", path: name });
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
