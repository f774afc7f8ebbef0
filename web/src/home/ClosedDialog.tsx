/** What is kept of closed sessions: listed, opened again, deleted. */
import { useEffect, useState } from "preact/hooks";
import type { Journal, JournalList } from "../rpc/schema.ts";
import { connection } from "../session/connection.ts";
import { goTo, sessionAddress } from "../session/route.ts";
import { k } from "../text/closed.ts";
import { t } from "../text/en.ts";
import { ago, clock, size } from "../text/format.ts";
import { Ask, Dialog } from "../ui/Dialog.tsx";
import { Icon } from "../ui/icons.tsx";
import { complain } from "../ui/notices.ts";
import { clockOffset } from "../ui/page_state.ts";

const nameOf = (one: Journal): string => one.path ?? (one.title || t.untitled);

function whereOf(one: Journal): string {
  if (one.path !== null) return one.title === one.path.split("/").at(-1) ? "" : one.title;
  return one.document === null || one.document === undefined ? k.none : k.gone(one.document);
}

/** Opens a closed session again, and shows it. */
export async function reopen(session: string): Promise<void> {
  try {
    const opened = await connection.call("session.reopen", { session });
    goTo(sessionAddress(opened.id));
  } catch (error) {
    complain(error);
  }
}

function Row({ one, forget }: { one: Journal; forget(): void }) {
  const at = Date.parse(one.last_activity);
  const words = [whereOf(one), k.closed(ago((Date.now() + clockOffset.value - at) / 1000)), size(one.size_bytes)];
  const name = nameOf(one);
  return (
    <li>
      <Icon name={one.path === null ? "history" : "notebook"} />
      <span class="what">
        <b>{name}</b>
        <span class="sub" title={clock(at)}>
          {words.filter(word => word !== "").join(" · ")}
        </span>
      </span>
      <button type="button" class="btn" aria-label={k.againOf(name)} onClick={() => void reopen(one.session)}>
        {k.again}
      </button>
      <button type="button" class="btn ghost icon" aria-label={k.forgetOf(name)} title={k.forget} onClick={forget}>
        <Icon name="cross" />
      </button>
    </li>
  );
}

export function ClosedDialog({ onClose }: { onClose(): void }) {
  const [kept, set] = useState<JournalList | null>(null);
  const [asking, ask] = useState<Journal | null>(null);
  const refresh = (): void => {
    connection.call("journal.list", {}).then(set).catch(complain);
  };
  useEffect(refresh, []);
  const closed = kept?.journals.filter(one => !one.is_open) ?? [];
  const limit = kept?.limit_bytes ?? null;
  const forget = (one: Journal): void => {
    connection.call("journal.delete", { session: one.session }).catch(complain).finally(refresh);
  };
  return (
    <Dialog title={k.title} onClose={onClose}>
      {kept === null && <p class="quiet">{t.opening}</p>}
      {kept !== null && closed.length === 0 && <p>{k.empty}</p>}
      {closed.length > 0 && <p class="quiet">{k.body(size(kept?.closed_bytes ?? 0), limit === null ? null : size(limit))}</p>}
      <ul class="trash" aria-label={k.list}>
        {closed.map(one => (
          <Row key={one.session} one={one} forget={() => ask(one)} />
        ))}
      </ul>
      {asking !== null && (
        <Ask
          title={k.forgetAsk(nameOf(asking))}
          body={asking.path === null ? k.forgetBody : k.forgetHistory}
          act={k.forgetAct}
          danger
          onClose={() => ask(null)}
          onAct={() => forget(asking)}
        />
      )}
    </Dialog>
  );
}
