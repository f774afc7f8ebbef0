/** What a line of the audit log was about, in words. */

import type { AuditLine } from "../rpc/schema.ts";

/** Who did it; `server` and `nobody` are what is said where no person is known. */
export function whoOf(line: Pick<AuditLine, "name" | "person" | "method">, server: string, nobody: string): string {
  return line.name || line.person || (/^(server|log)_/.test(line.method) ? server : nobody);
}

/** Its paths, its session and the rest, as far as there are any. */
export function aboutOf({ path, to, session, target }: Pick<AuditLine, "path" | "to" | "session" | "target">): string {
  const place = path === null ? "" : to === null ? path : `${path} → ${to}`;
  return [place, path === null && session !== null ? `session ${session.slice(0, 8)}` : "", target].filter(word => word !== "").join(", ");
}
