/** What stands in a menu. */
import type { ComponentChildren } from "preact";

export interface MenuItem {
  readonly title: string;
  readonly disabled?: boolean;
  /** As a person reads them. */
  readonly keys?: string;
  /** For an item that is on or off. */
  readonly checked?: boolean;
  run(): void;
}

/** A heading, or (empty) a line, between items. */
export interface MenuHeading {
  readonly heading: string;
}

/** Words between items, which may be drawn anew while the menu is open. */
export interface MenuNote {
  readonly note: ComponentChildren;
}

export type MenuRow = MenuItem | MenuHeading | MenuNote | null | false;
