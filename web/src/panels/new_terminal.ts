/** Starts a terminal and shows it. */
import { connection } from "../session/connection.ts";
import { goTo, terminalAddress } from "../session/route.ts";
import { complain } from "../ui/notices.ts";

/**
 * Starts a terminal.
 *
 * Args:
 *   folder: the folder that its shell starts in, relative to the root.
 *   inNewTab: whether it opens in another tab of the browser, and this page stays.
 */
export async function newTerminal(folder: string, inNewTab = false): Promise<void> {
  const tab = inNewTab ? window.open("", "_blank") : null; // now: later it would be taken for a pop-up
  try {
    const { id } = await connection.call("terminal.create", { folder });
    const address = terminalAddress(id);
    if (tab === null) goTo(address);
    else tab.location.href = address;
  } catch (error) {
    tab?.close();
    complain(error);
  }
}
