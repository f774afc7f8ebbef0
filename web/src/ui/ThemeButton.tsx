import { t } from "../text/en.ts";
import { Icon } from "./icons.tsx";
import { dialog } from "./page_state.ts";
import { nextTheme, theme } from "./settings.ts";

/** Goes from the system's theme to light to dark and round again. */
export function ThemeButton() {
  const now = theme.value;
  return (
    <button type="button" class="btn ghost icon" aria-label={t.theme[now]} title={t.theme[now]} onClick={nextTheme}>
      <Icon name={now} />
    </button>
  );
}

/** Opens Help; a phone has it in a menu. */
export function HelpButton() {
  const show = (): void => {
    dialog.value = "help";
  };
  return (
    <button type="button" class="btn ghost icon wide-only" aria-label={t.help} title={t.help} onClick={show}>
      <Icon name="help" />
    </button>
  );
}
