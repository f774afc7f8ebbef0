/** Messages to the person: short notes, and sentences for screen readers. */

import { t } from "../text/en.ts";
import { Icon } from "./icons.tsx";
import { dismiss, spoken, toasts } from "./notices.ts";

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

/** The one live region for screen readers. */
export function LiveRegion() {
  return (
    <div class="vh" role="status" aria-live="polite">
      {spoken.value}
    </div>
  );
}
