/** The terminals that run: a tile for each, and a new one. The list is asked for every few seconds while the page can be seen. */

import { useState } from "preact/hooks";
import type { Terminal } from "../rpc/schema.ts";
import { connection } from "../session/connection.ts";
import { goTo, terminalAddress } from "../session/route.ts";
import { runningWords } from "../text/running.ts";
import { m } from "../text/terminals.ts";
import { Ask } from "../ui/Dialog.tsx";
import { Icon } from "../ui/icons.tsx";
import { complain } from "../ui/notices.ts";
import { clockOffset } from "../ui/page_state.ts";
import { newTerminal } from "./new_terminal.ts";
import { useWhileSeen } from "./usage.ts";

const REFRESH_MS = 3000;

function Tile({ terminal, onClose, inNewTab }: { terminal: Terminal; onClose(): void; inNewTab: boolean }) {
  const seconds = (Date.now() + clockOffset.value - Date.parse(terminal.last_activity)) / 1000;
  const address = terminalAddress(terminal.id);
  return (
    <li class="tile">
      <a
        href={address}
        target={inNewTab ? "_blank" : undefined}
        onClick={event => {
          if (inNewTab || event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          goTo(address);
        }}
      >
        <b>{terminal.title}</b>
      </a>
      <span class="st">
        <span class={`dot ${terminal.ended === null ? "" : "dead"}`} />
        <span>{terminal.ended ?? m.running(terminal.folder)}</span>
      </span>
      <span class="st sub">{runningWords.lastActivity(seconds)}</span>
      <button
        type="button"
        class="btn ghost icon tile-close"
        aria-label={m.closeNamed(terminal.title)}
        title={m.close}
        onClick={() => onClose()}
      >
        <Icon name="cross" />
      </button>
    </li>
  );
}

/**
 * The list of terminals.
 *
 * Args:
 *   folder: where a new one starts; null: none is offered here.
 *   inNewTab: whether one opens in another tab of the browser, and this page stays.
 */
export function Terminals({ folder, inNewTab }: { folder: string | null; inNewTab: boolean }) {
  const [found, set] = useState<{ terminals: readonly Terminal[]; enabled: boolean } | null>(null);
  const [closing, setClosing] = useState<Terminal | null>(null);
  const ask = useWhileSeen(REFRESH_MS, () => {
    connection.call("terminal.list", {}).then(set).catch(complain);
  });
  const close = (terminal: Terminal): void => {
    setClosing(null);
    connection.call("terminal.close", { terminal: terminal.id }).then(ask).catch(complain);
  };
  if (found === null || (folder === null && found.terminals.length === 0)) return null;
  return (
    <section class="still" aria-label={m.heading}>
      {folder !== null && (
        <div class="files-head">
          <button type="button" class="btn" disabled={!found.enabled} onClick={() => void newTerminal(folder, inNewTab)}>
            <Icon name="command" />
            {m.create}
          </button>
        </div>
      )}
      {found.terminals.length === 0 && <p class="quiet">{found.enabled ? m.none : m.off}</p>}
      <ul class={folder === null ? "tiles" : "tiles stacked"}>
        {found.terminals.map(one => (
          <Tile key={one.id} terminal={one} inNewTab={inNewTab} onClose={() => (one.ended === null ? setClosing(one) : close(one))} />
        ))}
      </ul>
      {closing !== null && (
        <Ask
          title={m.closeAsk(closing.title)}
          body={m.closeBody}
          act={m.close}
          danger
          onClose={() => {}}
          onNo={() => setClosing(null)}
          onAct={() => close(closing)}
        />
      )}
    </section>
  );
}

/** The panel of the side. */
export function TerminalsTab() {
  return (
    <div class="side-pad">
      <Terminals folder="" inNewTab />
    </div>
  );
}
