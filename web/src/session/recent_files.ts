/** The files that were opened last in this browser, the latest first. */
import { keyHere } from "../rpc/base_url.ts";
import { recall, remember } from "../ui/settings.ts";

const KEY = keyHere("webipy.recent");
const MOST = 30;

/** Their paths below the root. */
export function recentFiles(): readonly string[] {
  const kept: unknown = JSON.parse(recall(KEY) ?? "[]");
  return Array.isArray(kept) ? kept.filter(path => typeof path === "string") : [];
}

/** Notes that a file is opened. */
export function noteOpened(path: string): void {
  remember(KEY, JSON.stringify([path, ...recentFiles().filter(one => one !== path)].slice(0, MOST)));
}
