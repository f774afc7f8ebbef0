/**
 * The way from a notebook in JupyterLab or Notebook to the page of webipy, which shows the same document: a command, and its row in the menu of a notebook
 * (the right mouse button). Their main menu has no public interface for a program that is no extension.
 */
import { inJupyter } from "../text/in_jupyter.ts";

export const COMMAND = "webipy:open";

/** What is used of JupyterLab's application. */
export interface Shell {
  readonly commands: {
    addCommand(id: string, options: { label: string; caption: string; isEnabled: () => boolean; execute: () => void }): unknown;
  };
  readonly contextMenu: { addItem(options: { command: string; selector: string; rank: number }): unknown };
  readonly shell: { readonly currentWidget: { readonly context?: { readonly path?: string } } | null };
}

/** The address of webipy's page of a notebook. A path may begin with the name of a drive of JupyterLab. */
export function addressOf(path: string, base: string): string {
  const plain = path.replace(/^[\w-]+:/, "");
  return `${base}n/${plain.split("/").map(encodeURIComponent).join("/")}`;
}

/** The base URL that the page was made for. */
function baseOf(page: Document): string {
  const config = page.getElementById("jupyter-config-data")?.textContent ?? "{}";
  return (JSON.parse(config) as { baseUrl?: string }).baseUrl ?? "/";
}

/** Adds the way to a page; to none of another version, whose interfaces are others. */
export function addWayBack(app: Shell): void {
  if (!app.commands || !app.contextMenu || !app.shell) return;
  const path = (): string => app.shell.currentWidget?.context?.path ?? "";
  app.commands.addCommand(COMMAND, {
    label: inJupyter.open,
    caption: inJupyter.opens,
    isEnabled: () => path() !== "",
    execute: () => {
      window.open(addressOf(path(), baseOf(document)), "_blank", "noopener");
    },
  });
  app.contextMenu.addItem({ command: COMMAND, selector: ".jp-Notebook", rank: 0 });
}
