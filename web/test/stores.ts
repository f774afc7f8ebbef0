/** The stores that a test has opened, ended behind it: one that waits for the server to take an edit would go on past the test's own page. */
import { afterEach } from "vitest";
import type { SessionStore } from "../src/session/store.ts";

const OPEN: SessionStore[] = [];

afterEach(() => {
  for (const store of OPEN.splice(0)) {
    store.close();
    store.unsent.value = 0;
  }
});

/** Ends a store at the end of the test. */
export function endLater(store: SessionStore): void {
  OPEN.push(store);
}
