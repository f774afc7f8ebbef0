import { t } from "../text/en.ts";
import { Icon } from "./icons.tsx";
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
