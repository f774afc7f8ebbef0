/** The limits of tokens for scripts: what the form asks for, and what a token has, in words. */

import type { CreateToken, Token } from "../rpc/schema.ts";
import { tokenWords as words } from "../text/tokens.ts";

/** A choice of the form. */
export type Limit = keyof typeof words.limits;

/** What a token may be used for, in words. */
export function limitsOf({ scopes }: Token): string {
  const found = [
    scopes.read ? words.readOnly : "",
    scopes.session ? words.ofSession(scopes.session) : "",
    scopes.folder ? words.ofFolder(scopes.folder) : "",
    scopes.methods?.join(" ") ?? "",
  ].filter(word => word !== "");
  return found.length === 0 ? words.everything : found.join(", ");
}

/** The limits that the form asks for. `text` is what its second field has: a folder, or methods. */
export function limitsAsked(limit: Limit, session: string | null, text: string): Pick<CreateToken, "session" | "folder" | "methods"> {
  if (limit === "session") return { session };
  if (limit === "folder") return { folder: text.trim() };
  return limit === "methods" ? { methods: text.split(/[\s,]+/).filter(word => word !== "") } : {};
}
