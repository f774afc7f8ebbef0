/**
 * The panels of the side: one descriptor each. A new one is a view and a row here, and the title of the command that shows it (text/commands.ts); its
 * tab, its command and who is offered it follow.
 */
import { signal } from "@preact/signals";
import type { FunctionComponent } from "preact";
import type { Verb } from "../rpc/schema.ts";
import type { Open } from "../session/open_session.ts";
import { lazily } from "../ui/lazy.ts";
import { drawer } from "../ui/page_state.ts";
import { oneOf, remember, sideHidden } from "../ui/settings.ts";
import type { CommandRow } from "./command.ts";
import { Outline } from "./Outline.tsx";

export interface SidePanel {
  /** The name of its tab. */
  readonly title: string;
  /** The right that whoever sees it needs. */
  readonly right: Verb;
  readonly view: FunctionComponent<{ open: Open }>;
}

export const PANELS = {
  outline: { title: "Outline", right: "read", view: Outline },
  files: {
    title: "Files",
    right: "own", // guests are shown nothing of the machine
    view: lazily(async () => (await import("./FilesTab.tsx")).FilesTab),
  },
  variables: {
    title: "Variables",
    right: "execute", // to ask for variables is to run code
    view: lazily(async () => (await import("./VariablesTab.tsx")).VariablesTab),
  },
  terminals: {
    title: "Terminals",
    right: "own",
    view: lazily(async () => (await import("./Terminals.tsx")).TerminalsTab),
  },
} satisfies Readonly<Record<string, SidePanel>>;

export type PanelId = keyof typeof PANELS;
export const PANEL_IDS = Object.keys(PANELS) as readonly PanelId[];

const KEY = "webipy.side";

/** The panel that was chosen last in this browser. */
export const shownPanel = signal<PanelId>(oneOf(KEY, PANEL_IDS, "outline"));
shownPanel.subscribe(id => remember(KEY, id));

/** Shows or hides the side panel; where the window has no room for it, it slides over the cells. */
export function toggleSide(): void {
  const toggled = matchMedia("(max-width: 720px)").matches ? drawer : sideHidden;
  toggled.value = !toggled.value;
}

/** The commands that show the panels, as rows of the table of commands. */
export const SHOW_PANEL = Object.fromEntries(
  PANEL_IDS.map((id): [string, CommandRow] => {
    const run = (): void => {
      shownPanel.value = id;
      sideHidden.value = false;
      drawer.value = true;
    };
    return [id, { right: PANELS[id].right, run }];
  }),
) as Record<PanelId, CommandRow>;
