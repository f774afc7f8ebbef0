/** What this browser remembers: the theme, wrapping of logs, and how far each session was read. Nothing secret. */
import { effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";
export type CodeSize = "small" | "usual" | "large" | "larger";
/** What is done about pictures of texts that lie on other servers. */
export type RemotePictures = "ask" | "allow" | "block";
/** Whose keys: those of Jupyter, or also those of Colab and VS Code. */
export type KeySet = "jupyter" | "colab";

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

export const THEMES: readonly Theme[] = ["system", "light", "dark"];
export const CODE_SIZES: readonly CodeSize[] = ["small", "usual", "large", "larger"];
export const REMOTE_PICTURES: readonly RemotePictures[] = ["ask", "allow", "block"];
export const KEY_SETS: readonly KeySet[] = ["jupyter", "colab"];

/** What is remembered under a key, if it is one of the values that are known. */
export function oneOf<T extends string>(key: string, values: readonly T[], otherwise: T): T {
  const stored = recall(key);
  return values.find(one => one === stored) ?? otherwise;
}

export const theme = signal<Theme>(oneOf("webipy.theme", THEMES, "system"));
export const codeSize = signal<CodeSize>(oneOf("webipy.code-size", CODE_SIZES, "usual"));
export const keySet = signal<KeySet>(oneOf("webipy.keys", KEY_SETS, "jupyter"));
export const remotePictures = signal<RemotePictures>(oneOf("webipy.pictures", REMOTE_PICTURES, "ask"));
/** Whether outputs stand beside their code. */
export const besideOutputs = signal(recall("webipy.beside") === "yes");
export const wrapLogs = signal(recall("webipy.wrap") === "yes");
export const lineNumbers = signal(recall("webipy.lines") === "yes");
export const stopOnError = signal(recall("webipy.keep-going") !== "yes");
/** Whether a name under the pointer is explained, and whether a call is explained while it is typed. */
export const hoverHelp = signal(recall("webipy.hover") !== "no");
export const typingHelp = signal(recall("webipy.signatures") !== "no");

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
  effect(() => {
    document.documentElement.setAttribute("data-code", codeSize.value);
    remember("webipy.code-size", codeSize.value);
  });
  effect(() => remember("webipy.keys", keySet.value));
  effect(() => remember("webipy.pictures", remotePictures.value));
  effect(() => remember("webipy.beside", besideOutputs.value ? "yes" : "no"));
  effect(() => remember("webipy.hover", hoverHelp.value ? "yes" : "no"));
  effect(() => remember("webipy.signatures", typingHelp.value ? "yes" : "no"));
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
