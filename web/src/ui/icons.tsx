/** Icons: one path each on a 16 by 16 grid. */
import type { File } from "../rpc/schema.ts";

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
  power: "M8 1.8v6M4.6 4a5.2 5.2 0 1 0 6.8 0",
  info: "M8 2.2a5.8 5.8 0 1 0 0 11.6A5.8 5.8 0 0 0 8 2.2M8 7.3v3.6M8 5v.1",
  lock: "M4.8 7h6.4c.7 0 1.3.6 1.3 1.4v3.7c0 .8-.6 1.4-1.3 1.4H4.8c-.7 0-1.3-.6-1.3-1.4V8.4c0-.8.6-1.4 1.3-1.4M5.5 7V5.2a2.5 2.5 0 0 1 5 0V7",
  down: "m4.5 6.5 3.5 3.5 3.5-3.5",
  copy: "M6.8 5.5h5.4c.8 0 1.3.5 1.3 1.3v5.4c0 .8-.5 1.3-1.3 1.3H6.8c-.8 0-1.3-.5-1.3-1.3V6.8c0-.8.5-1.3 1.3-1.3M3 10.5V4c0-.9.6-1.5 1.5-1.5H11",
  wrap: "M2.5 4h11M2.5 8h8.6a2.1 2.1 0 0 1 0 4.2H8.4M9.8 10.6l-1.6 1.6 1.6 1.6M2.5 12.2h3",
  download: "M8 2.5v7.6M4.8 7 8 10.2 11.2 7M2.8 13.2h10.4",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  wave: "M1.5 6.2a9.4 9.4 0 0 1 13 0M3.8 8.7a6 6 0 0 1 8.4 0M6.1 11.1a2.7 2.7 0 0 1 3.8 0M8 13.2v.1",
  system: "M2.5 3.5h11v7.5h-11zM6 13.5h4M8 11v2.5",
  light:
    "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9",
  dark: "M13.4 9.6A5.8 5.8 0 0 1 6.4 2.6a5.8 5.8 0 1 0 7 7z",
  keyboard: "M2 4.5h12v7H2zM4.4 7h.1M6.8 7h.1M9.2 7h.1M11.6 7h.1M5 9.3h6",
  leave: "M6.5 2.8H3.2v10.4h3.3M10 5l3 3-3 3M13 8H6.2",
  bars: "M3 5.5h10M3 10.5h10",
  text: "M3.5 4h9M8 4v8.5",
  grip: "M6 3.5v.1M10 3.5v.1M6 8v.1M10 8v.1M6 12.5v.1M10 12.5v.1",
  dots: "M3.5 7.7a.3.3 0 1 0 0 .6.3.3 0 0 0 0-.6M8 7.7a.3.3 0 1 0 0 .6.3.3 0 0 0 0-.6M12.5 7.7a.3.3 0 1 0 0 .6.3.3 0 0 0 0-.6",
  folder: "M1.8 4.2c0-.6.4-1 1-1h3l1.4 1.6h6c.6 0 1 .4 1 1v6c0 .6-.4 1-1 1H2.8c-.6 0-1-.4-1-1z",
  file: "M4 1.8h5L12.5 5v9.2H4zM9 2v3.2h3.3",
  notebook: "M4 1.8h8.2c.4 0 .8.3.8.8v10.8c0 .5-.4.8-.8.8H4zM6.3 1.8v12.4M2.6 4.6h2M2.6 8h2M2.6 11.4h2",
  upload: "M8 10.4V2.8M4.8 6 8 2.8 11.2 6M2.8 13.2h10.4",
  search: "M7 2.8a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4M10.2 10.2l3.3 3.3",
  command: "m3.5 4.5 3.5 3.5-3.5 3.5M8.5 12h4.5",
  picture: "M2.5 3.5h11v9h-11zM2.8 11.5l3.4-3.6 2.4 2.4 1.8-1.7 2.8 2.7M10.6 6.2v.1",
  code: "m5.5 4.5-3.5 3.5 3.5 3.5M10.5 4.5 14 8l-3.5 3.5",
  settings: "M2.5 4.5h6M12 4.5h1.5M2.5 11.5h1.5M7.5 11.5h6M10.2 2.8v3.4M5.8 9.8v3.4",
  table: "M2.5 3.5h11v9h-11zM2.5 6.5h11M6.5 6.5v6",
  people:
    "M6 2.8a2.4 2.4 0 1 0 0 4.8 2.4 2.4 0 0 0 0-4.8M1.8 13.2c0-2.3 1.9-3.6 4.2-3.6s4.2 1.3 4.2 3.6M11 3.2a2.2 2.2 0 0 1 0 4.1M12 9.9c1.4.5 2.3 1.6 2.3 3.3",
  invite: "M6.2 2.8a2.4 2.4 0 1 0 0 4.8 2.4 2.4 0 0 0 0-4.8M1.8 13.2c0-2.3 2-3.6 4.4-3.6s4.4 1.3 4.4 3.6M12.4 6v4.4M10.2 8.2h4.4",
  trash: "M3 4.4h10M6.2 4.2V2.8h3.6v1.4M4.4 4.6l.6 8.6h6l.6-8.6M6.8 7v3.8M9.2 7v3.8",
  help: "M8 2.2a5.8 5.8 0 1 0 0 11.6A5.8 5.8 0 0 0 8 2.2M6.3 6.4a1.8 1.8 0 1 1 2.6 1.6c-.6.3-.9.7-.9 1.3M8 11.2v.1",
  left: "m9.5 4.5-3.5 3.5 3.5 3.5",
  right: "m6.5 4.5 3.5 3.5-3.5 3.5",
  up: "m4.5 9.5 3.5-3.5 3.5 3.5",
} as const;
export type IconName = keyof typeof PATHS;
/** The icons of what a folder holds. */
export const FILE_ICONS: Readonly<Record<File["kind"], IconName>> = { folder: "folder", notebook: "notebook", file: "file", other: "file" };

const FILLED: ReadonlySet<IconName> = new Set(["play", "playAll", "stop"]);

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class={FILLED.has(name) ? "i full" : "i"} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
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
