/** What this browser remembers: the theme, wrapping of logs, and how far each session was read. Nothing secret. */
import { effect, signal } from "@preact/signals";
import { printing } from "./page_state.ts";

export type Theme = "system" | "light" | "dark";
export type CodeSize = "small" | "usual" | "large" | "larger";
/** What is done about pictures of texts that lie on other servers. */
export type RemotePictures = "ask" | "allow" | "block";
/** Whose keys: those of Jupyter, or also those of Colab and VS Code. */
export type KeySet = "jupyter" | "colab";
/** Spaces of one step of indentation. */
export type IndentWidth = "2" | "4" | "8";

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
export const INDENT_WIDTHS: readonly IndentWidth[] = ["2", "4", "8"];

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
/** Whether cells are as wide as the window. */
export const fullWidth = signal(recall("webipy.full-width") === "yes");
/** Whether the side panel is hidden, where the window has room for it; and how wide it is, in pixels. */
export const sideHidden = signal(recall("webipy.side-hidden") === "yes");
export const SIDE_WIDTHS = { least: 180, usual: 248, most: 560 } as const;
export const sideWidth = signal(Number(recall("webipy.side-width") ?? SIDE_WIDTHS.usual) || SIDE_WIDTHS.usual);
export const wrapLogs = signal(recall("webipy.wrap") === "yes");
/** Whether long lines of files that are edited as text are broken. */
export const wrapFiles = signal(recall("webipy.wrap-files") !== "no");
export const lineNumbers = signal(recall("webipy.lines") === "yes");
export const stopOnError = signal(recall("webipy.keep-going") !== "yes");
/** Whether who runs several cells at once is told when they have ended. */
export const tellsRuns = signal(recall("webipy.tell-runs") === "yes");
/** Whether a name under the pointer is explained, and whether a call is explained while it is typed. */
export const hoverHelp = signal(recall("webipy.hover") !== "no");
export const typingHelp = signal(recall("webipy.signatures") !== "no");
/** Whether the list of completions opens while a name is typed. */
export const findsInOutputs = signal(recall("webipy.find-outputs") === "yes");
export const typingCompletion = signal(recall("webipy.completion") !== "no");
export const closesBrackets = signal(recall("webipy.close-brackets") !== "no");
export const indentWidth = signal<IndentWidth>(oneOf("webipy.indent", INDENT_WIDTHS, "4"));

/** The keys that a person has chosen: all keys of each command that has others than it came with. */
export type OwnKeys = Readonly<Record<string, readonly string[]>>;

function readOwnKeys(): OwnKeys {
  try {
    const kept: unknown = JSON.parse(recall("webipy.own-keys") ?? "{}");
    if (typeof kept !== "object" || kept === null) return {};
    const isKeys = (value: unknown): value is string[] => Array.isArray(value) && value.every(one => typeof one === "string");
    return Object.fromEntries(Object.entries(kept).filter((entry): entry is [string, string[]] => isKeys(entry[1])));
  } catch {
    return {}; // not written by this page
  }
}

export const ownKeys = signal(readOwnKeys());

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "system";
}

/** Keeps the document's theme and the storage in step with the settings. */
export function applySettings(): void {
  followSystem();
  effect(() => {
    if (theme.value === "system") document.documentElement.removeAttribute("data-theme");
    else document.documentElement.setAttribute("data-theme", theme.value);
    remember("webipy.theme", theme.value);
  });
  effect(() => {
    document.documentElement.setAttribute("data-code", codeSize.value);
    remember("webipy.code-size", codeSize.value);
  });
  effect(() => {
    document.documentElement.toggleAttribute("data-full-width", fullWidth.value);
    remember("webipy.full-width", fullWidth.value ? "yes" : "no");
  });
  effect(() => {
    document.documentElement.toggleAttribute("data-side-hidden", sideHidden.value);
    remember("webipy.side-hidden", sideHidden.value ? "yes" : "no");
  });
  effect(() => {
    document.documentElement.style.setProperty("--side", `${sideWidth.value}px`);
    remember("webipy.side-width", String(sideWidth.value));
  });
  effect(() => remember("webipy.keys", keySet.value));
  effect(() => remember("webipy.own-keys", JSON.stringify(ownKeys.value)));
  effect(() => remember("webipy.find-outputs", findsInOutputs.value ? "yes" : "no"));
  effect(() => remember("webipy.pictures", remotePictures.value));
  effect(() => remember("webipy.beside", besideOutputs.value ? "yes" : "no"));
  effect(() => remember("webipy.hover", hoverHelp.value ? "yes" : "no"));
  effect(() => remember("webipy.signatures", typingHelp.value ? "yes" : "no"));
  effect(() => remember("webipy.completion", typingCompletion.value ? "yes" : "no"));
  effect(() => remember("webipy.close-brackets", closesBrackets.value ? "yes" : "no"));
  effect(() => remember("webipy.indent", indentWidth.value));
  effect(() => remember("webipy.wrap", wrapLogs.value ? "yes" : "no"));
  effect(() => remember("webipy.wrap-files", wrapFiles.value ? "yes" : "no"));
  effect(() => remember("webipy.lines", lineNumbers.value ? "yes" : "no"));
  effect(() => remember("webipy.keep-going", stopOnError.value ? "no" : "yes"));
  effect(() => remember("webipy.tell-runs", tellsRuns.value ? "yes" : "no"));
}

/** Whether the system wants dark pages now. */
const systemDark = signal(false);

/** Follows the system from light to dark and back. */
function followSystem(): void {
  const query = matchMedia("(prefers-color-scheme: dark)");
  const read = (): void => {
    systemDark.value = query.matches;
  };
  query.addEventListener("change", read);
  read();
}

/** Whether the page is dark now; paper is not. Whoever reads it in an effect is told when it changes. */
export function isDark(): boolean {
  if (printing.value) return false;
  return theme.value === "dark" || (theme.value === "system" && systemDark.value);
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
