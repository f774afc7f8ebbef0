// @vitest-environment happy-dom
import { render } from "preact";
import { expect, test } from "vitest";
import { Settings } from "../../src/panels/Settings.tsx";
import type { ServerInfo } from "../../src/rpc/schema.ts";
import { server } from "../../src/session/connection.ts";

test("the settings name the version, the licence and the notices", () => {
  server.value = { version: "1.2.3" } as ServerInfo;
  const place = document.createElement("div");
  render(<Settings />, place);
  expect(place.textContent).toContain("webipy 1.2.3, BSD 3-Clause licence.");
  expect(place.querySelector('a[href="/static/notices.txt?1.2.3"]')?.textContent).toBe("Notices of third-party packages");
  render(null, place);
});
