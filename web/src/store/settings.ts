/** What this browser remembers: the theme, wrapping of logs, and how far each session was read. Nothing secret. */
import { effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

/** A browser may refuse storage (private modes, full disks): then nothing is remembered, and nothing else changes. */
export function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    return;
  }
}

const THEMES: readonly Theme[] = ["system", "light", "dark"];
const stored = recall("webipy.theme");
export const theme = signal<Theme>(THEMES.find(one => one === stored) ?? "system");
export const wrapLogs = signal(recall("webipy.wrap") === "yes");

export const lineNumbers = signal(recall("webipy.lines") === "yes");
export const stopOnError = signal(recall("webipy.keep-going") !== "yes");

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "system";
}

/** Keeps the document's theme and the storage in step with the settings. */
export function applySettings(): void {
  effect(() => {
    if (theme.value === "system") document.documentElement.removeAttribute("data-theme");
    else document.documentElement.setAttribute("data-theme", theme.value);
    remember("webipy.theme", theme.value);
  });
  effect(() => remember("webipy.wrap", wrapLogs.value ? "yes" : "no"));
  effect(() => remember("webipy.lines", lineNumbers.value ? "yes" : "no"));
  effect(() => remember("webipy.keep-going", stopOnError.value ? "no" : "yes"));
}

/** Whether the page is dark now. */
export function isDark(): boolean {
  return theme.value === "dark" || (theme.value === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
}

const MOST_SESSIONS = 100;

function readSeen(): Record<string, number> {
  const kept: unknown = JSON.parse(recall("webipy.seen") ?? "{}");
  return typeof kept === "object" && kept !== null ? (kept as Record<string, number>) : {};
}

/** The last event of a session that this browser has shown, 0 for none. */
export function lastSeen(session: string): number {
  const seq = readSeen()[session];
  return typeof seq === "number" ? seq : 0;
}

export function saveSeen(session: string, seq: number): void {
  const { [session]: _, ...others } = readSeen();
  const kept = Object.entries(others).slice(1 - MOST_SESSIONS);
  remember("webipy.seen", JSON.stringify({ ...Object.fromEntries(kept), [session]: seq }));
}
