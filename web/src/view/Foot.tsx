import { everLive, phase } from "../session/connection.ts";
import type { Open } from "../session/open_session.ts";
import { may } from "../store/right.ts";
import { dismiss, mode, spoken, toasts } from "../store/ui.ts";
import { t } from "../text/en.ts";
import { Icon } from "./icons.tsx";

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
          {hint.before} <span class="kbd">{hint.key}</span> {hint.middle} <span class="kbd">{hint.key2}</span> {hint.after}
        </span>
      )}
      <span class="grow" />
      <span>{t.cellCount(store.order.length)}</span>
      <span class="promise">{t.canClose}</span>
    </footer>
  );
}

/** Short notes that go by themselves. */
export function Toasts() {
  return (
    <div class="toasts">
      {toasts.value.map(one => (
        <div key={one.key} class={one.bad ? "toast bad" : "toast"} role={one.bad ? "alert" : "status"}>
          <span>{one.text}</span>
          {one.action !== null && (
            <button
              type="button"
              class="btn"
              onClick={() => {
                one.action?.run();
                dismiss(one.key);
              }}
            >
              {one.action.title}
            </button>
          )}
          <button type="button" class="btn ghost icon" aria-label={t.close} onClick={() => dismiss(one.key)}>
            <Icon name="cross" />
          </button>
        </div>
      ))}
    </div>
  );
}

/** The one place that speaks to screen readers. */
export function LiveRegion() {
  return (
    <div class="vh" role="status" aria-live="polite">
      {spoken.value}
    </div>
  );
}
