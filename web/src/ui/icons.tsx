/** Icons: one path each on a 16 by 16 grid. Those that the first look at a page does not need stand in more_icons.ts. */
import type { File } from "../rpc/schema.ts";
import { forActs, useLazy } from "./lazy.ts";
import type { MORE_PATHS } from "./more_icons.ts";

const PATHS = {
  play: "M5 3.5v9l7-4.5z",
  playAll: "M3 3.5v9l5.5-4.5zM8.5 3.5v9l5.5-4.5z",
  stop: "M4.5 4h7c.3 0 .5.2.5.5v7c0 .3-.2.5-.5.5h-7c-.3 0-.5-.2-.5-.5v-7c0-.3.2-.5.5-.5z",
  restart: "M13 8a5 5 0 1 1-1.6-3.7M13.2 1.8v3.4H9.8",
  plus: "M8 3.2v9.6M3.2 8h9.6",
  check: "m3.5 8.4 3 3.1 6-7",
  cross: "m4 4 8 8M12 4l-8 8",
  clock: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M8 5v3.2l2 1.3",
  history: "M2.6 8A5.4 5.4 0 1 0 4.4 4M2.4 2.3v3.1h3.1M8 5.2V8l2 1.4",
  warn: "M8 2.2 14.5 13.5h-13zM8 6.4v3.2M8 11.6v.1",
  key: "M5 8.4a2.6 2.6 0 1 0 0 5.2 2.6 2.6 0 0 0 0-5.2m2 .6 6.2-6.2M10.4 5.6l2 2M12 4l1.6 1.6",
  down: "m4.5 6.5 3.5 3.5 3.5-3.5",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  wave: "M1.5 6.2a9.4 9.4 0 0 1 13 0M3.8 8.7a6 6 0 0 1 8.4 0M6.1 11.1a2.7 2.7 0 0 1 3.8 0M8 13.2v.1",
  system: "M2.5 3.5h11v7.5h-11zM6 13.5h4M8 11v2.5",
  light:
    "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9",
  dark: "M13.4 9.6A5.8 5.8 0 0 1 6.4 2.6a5.8 5.8 0 1 0 7 7z",
  keyboard: "M2 4.5h12v7H2zM4.4 7h.1M6.8 7h.1M9.2 7h.1M11.6 7h.1M5 9.3h6",
  dots: "M3.5 7.7a.3.3 0 1 0 0 .6.3.3 0 0 0 0-.6M8 7.7a.3.3 0 1 0 0 .6.3.3 0 0 0 0-.6M12.5 7.7a.3.3 0 1 0 0 .6.3.3 0 0 0 0-.6",
  search: "M7 2.8a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4M10.2 10.2l3.3 3.3",
  command: "m3.5 4.5 3.5 3.5-3.5 3.5M8.5 12h4.5",
  invite: "M6.2 2.8a2.4 2.4 0 1 0 0 4.8 2.4 2.4 0 0 0 0-4.8M1.8 13.2c0-2.3 2-3.6 4.4-3.6s4.4 1.3 4.4 3.6M12.4 6v4.4M10.2 8.2h4.4",
  help: "M8 2.2a5.8 5.8 0 1 0 0 11.6A5.8 5.8 0 0 0 8 2.2M6.3 6.4a1.8 1.8 0 1 1 2.6 1.6c-.6.3-.9.7-.9 1.3M8 11.2v.1",
  left: "m9.5 4.5-3.5 3.5 3.5 3.5",
} as const;
const morePaths = forActs(() => import("./more_icons.ts"));

export type IconName = keyof typeof PATHS | keyof typeof MORE_PATHS;
/** The icons of what a folder holds. */
export const FILE_ICONS: Readonly<Record<File["kind"], IconName>> = { folder: "folder", notebook: "notebook", file: "file", other: "file" };

const FILLED: ReadonlySet<IconName> = new Set(["play", "playAll", "stop"]);

function Drawn({ name, path }: { name: IconName; path: string }) {
  return (
    <svg class={FILLED.has(name) ? "i full" : "i"} viewBox="0 0 16 16" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

/** An icon whose path has not come, or came later than the page. */
function Later({ name }: { name: keyof typeof MORE_PATHS }) {
  const more = useLazy(morePaths);
  return <Drawn name={name} path={more?.MORE_PATHS[name] ?? ""} />;
}

export function Icon({ name }: { name: IconName }) {
  return name in PATHS ? <Drawn name={name} path={PATHS[name as keyof typeof PATHS]} /> : <Later name={name as keyof typeof MORE_PATHS} />;
}

/** The mark: brackets around a w. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" class="mark-back" />
      <path d="M10 8H7.6v16H10M22 8h2.4v16H22M11.6 13.4 14 19l2-5 2 5 2.4-5.6" class="mark-lines" />
    </svg>
  );
}
