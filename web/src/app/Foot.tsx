/** The foot of a session: the connection, the keys that help now, and how many cells there are. */

import { keyHint } from "../panels/commands.ts";
import { everLive, phase } from "../session/connection.ts";
import type { Open } from "../session/open_session.ts";
import { may } from "../session/permissions.ts";
import { mode } from "../session/selection.ts";
import { t } from "../text/en.ts";
import { Icon } from "../ui/icons.tsx";

function Line() {
  const state = phase.value;
  if (state === "live")
    return (
      <span class="ok">
        <Icon name="wave" />
        {t.live}
      </span>
    );
  const words = state === "ended" ? t.signedOut : everLive.value ? t.offline : t.connecting;
  return (
    <span class="off">
      <span class="dot off" />
      {words}
    </span>
  );
}

export function Foot({ open }: { open: Open }) {
  const { store } = open;
  store.head.value;
  const hint = mode.value === "edit" ? t.editing : t.commanding;
  return (
    <footer class="foot-bar">
      <Line />
      {may("write") && (
        <span class="hint">
          {hint.before} <span class="kbd">{hint.key}</span> {hint.middle} <span class="kbd">{keyHint("shortcuts")}</span> {hint.after}
        </span>
      )}
      <span class="grow" />
      <span>{t.cellCount(store.order.length)}</span>
      <span class="promise">{t.canClose}</span>
    </footer>
  );
}
