/** xterm.js with the colours and the font of the page. build.mjs makes it fit the content policy of the page. */
import { FitAddon } from "@xterm/addon-fit";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { type ITheme, Terminal } from "@xterm/xterm";

const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;
const SCROLLBACK_LINES = 10_000;
const LEAST_CONTRAST = 4.5;

/** A colour of the page as xterm reads it: what the browser makes of a token now. */
function colours(at: Element): (token: string) => string {
  const probe = document.createElement("span");
  at.append(probe);
  const canvas = document.createElement("canvas").getContext("2d");
  return token => {
    probe.style.color = `var(${token})`;
    const found = getComputedStyle(probe).color;
    if (canvas === null) return found;
    canvas.fillStyle = found;
    return canvas.fillStyle;
  };
}

function themeOf(at: Element): ITheme {
  const colour = colours(at);
  const theme: Record<string, string> = {
    background: colour("--surface"),
    foreground: colour("--ink"),
    cursor: colour("--sea"),
    cursorAccent: colour("--surface"),
    selectionBackground: colour("--line-2"),
  };
  NAMES.forEach((name, number) => {
    theme[name] = colour(`--a${number}`);
    theme[`bright${name.charAt(0).toUpperCase()}${name.slice(1)}`] = colour(`--a${number + 8}`);
  });
  at.lastElementChild?.remove();
  return theme;
}

function openLink(address: string): void {
  if (/^https?:/i.test(address)) window.open(address, "_blank", "noopener,noreferrer");
}

export interface TerminalScreen {
  readonly terminal: Terminal;
  /** The lines and columns that there is room for. */
  room(): { rows: number; cols: number } | undefined;
  /** Takes the colours and the font of the page again. */
  repaint(): void;
}

/** Makes the screen of a terminal in a box of the page. */
export function terminalScreen(box: HTMLElement): TerminalScreen {
  const style = getComputedStyle(box);
  const terminal = new Terminal({
    fontFamily: style.fontFamily,
    fontSize: Number.parseFloat(style.fontSize),
    theme: themeOf(box),
    minimumContrastRatio: LEAST_CONTRAST,
    scrollback: SCROLLBACK_LINES,
    macOptionIsMeta: true,
    linkHandler: { activate: (_, address) => openLink(address) },
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  terminal.loadAddon(new WebLinksAddon((_, address) => openLink(address)));
  terminal.open(box);
  return {
    terminal,
    room: () => fit.proposeDimensions(),
    repaint: () => {
      terminal.options.theme = themeOf(box);
      terminal.options.fontSize = Number.parseFloat(getComputedStyle(box).fontSize);
    },
  };
}
