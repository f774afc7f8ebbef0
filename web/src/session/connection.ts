/** The connection of the page, and what is known of the server. Made once; lifecycle.ts keeps the signals in step with it. */
import { signal } from "@preact/signals";
import { Connection, type Phase } from "../rpc/connection.ts";
import { browserWorld } from "../rpc/http.ts";
import type { ServerInfo } from "../rpc/schema.ts";

export const connection = new Connection(browserWorld());
export const phase = signal<Phase>("connecting");
/** Whether the connection was live since the page was opened (or signed in again). */
export const everLive = signal(false);
export const server = signal<ServerInfo | null>(null);
/** Whether the server has another version than the one that this page was loaded from. */
export const updated = signal(false);
/** Set when the server that answers now is another than the one before: when that was seen, on its clock. */
export const restarted = signal<{ readonly at: number } | null>(null);
