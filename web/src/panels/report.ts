/** What a report about a problem begins with: versions and kinds of things, and nothing of anybody's work. */
import type { Connection } from "../rpc/connection.ts";
import { server } from "../session/connection.ts";
import type { Open } from "../session/open_session.ts";
import { may } from "../session/permissions.ts";
import { theme } from "../ui/settings.ts";

/** What is known of a kernel, without its name for a person. */
function kernelLine(open: Open): string {
  const { kernel, cells } = open.store.model;
  const what = kernel === null ? "none" : `${kernel.kernelspec ?? "attached"}, ${kernel.state}`;
  return `Kernel: ${what}; ${cells.size} cells`;
}

/** What the server tells of itself to whoever runs it; nothing for others. */
export async function serverLines(connection: Connection): Promise<readonly string[]> {
  if (!may("own") || connection.phase !== "live") return [];
  const { installed, kernelspecs, sessions } = await connection.call("server.describe", {});
  const versions = Object.entries(installed).map(([name, version]) => `${name}: ${version}`);
  return [...versions, `Kernelspecs: ${kernelspecs.join(", ")}; ${sessions} sessions`];
}

/** The report as text, with the lines of the server. */
export function reportOf(connection: Connection, open: Open | null, ofServer: readonly string[]): string {
  return [
    `webipy: ${server.value?.version ?? "unknown"}`,
    ...ofServer,
    ...(open === null ? [] : [kernelLine(open)]),
    `Browser: ${navigator.userAgent}`,
    `Page: ${innerWidth} x ${innerHeight}, ${theme.value} theme, ${navigator.language}, connection ${connection.phase}`,
  ].join("\n");
}
