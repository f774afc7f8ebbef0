/** What was deleted below the root and can be brought back. */
import { useEffect, useState } from "preact/hooks";
import type { Trashed } from "../rpc/schema.ts";
import { connection } from "../session/connection.ts";
import { t } from "../text/en.ts";
import { ago, clock, size } from "../text/format.ts";
import { f } from "../text/managing.ts";
import { w } from "../text/trash.ts";
import { Ask, Dialog } from "../ui/Dialog.tsx";
import { FILE_ICONS, Icon } from "../ui/icons.tsx";
import { complain } from "../ui/notices.ts";
import { clockOffset } from "../ui/page_state.ts";
import { putBack } from "./trash.ts";

function Row({ one, act, forget }: { one: Trashed; act(what: Promise<unknown>): void; forget(): void }) {
  const at = Date.parse(one.deleted);
  const words = [w.deleted(ago((Date.now() + clockOffset.value - at) / 1000)), one.kind === "folder" ? "" : size(one.size)];
  return (
    <li>
      <Icon name={FILE_ICONS[one.kind]} />
      <span class="what" title={one.location}>
        <b>{one.path}</b>
        <span class="sub" title={clock(at)}>
          {words.filter(word => word !== "").join(" · ")}
        </span>
      </span>
      <button type="button" class="btn" aria-label={w.putBackOf(one.path)} onClick={() => act(putBack(connection, one))}>
        {w.putBack}
      </button>
      <button type="button" class="btn ghost icon" aria-label={w.forGoodOf(one.path)} title={w.forGood} onClick={forget}>
        <Icon name="cross" />
      </button>
    </li>
  );
}

export function TrashDialog({ onClose }: { onClose(): void }) {
  const [entries, set] = useState<readonly Trashed[] | null>(null);
  const [asking, ask] = useState<Trashed | null>(null);
  const refresh = (): void => {
    connection
      .call("trash.list", {})
      .then(list => set(list.entries))
      .catch(complain);
  };
  useEffect(refresh, []);
  const act = (what: Promise<unknown>): void => {
    what.catch(complain).finally(refresh);
  };
  return (
    <Dialog title={w.title} onClose={onClose}>
      <p class="quiet">{w.body}</p>
      {entries === null && <p class="quiet">{t.opening}</p>}
      {entries?.length === 0 && <p>{w.empty}</p>}
      <ul class="trash" aria-label={w.list}>
        {entries?.map(one => (
          <Row key={one.id} one={one} act={act} forget={() => ask(one)} />
        ))}
      </ul>
      {asking !== null && (
        <Ask
          title={f.forGoodAsk([asking.path])}
          body={w.fromTrash}
          act={w.forGoodAct}
          danger
          onClose={() => ask(null)}
          onAct={() => act(connection.call("trash.delete", { path: asking.path, id: asking.id }))}
        />
      )}
    </Dialog>
  );
}
