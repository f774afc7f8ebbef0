/** What the home page opens by key: the palette over sessions and files, and the settings. */
import { useEffect, useState } from "preact/hooks";
import type { Session } from "../api/schema.ts";
import { goTo } from "../session/route.ts";
import { nextTheme } from "../store/settings.ts";
import { complain, dialog } from "../store/ui.ts";
import { c } from "../text/commands.ts";
import { t } from "../text/en.ts";
import type { Entry } from "./Palette.tsx";

interface Props {
  readonly folder: string;
  readonly sessions: readonly Session[];
  newNotebook(): void;
}

const show = (name: "palette" | "settings" | "logins") => (): void => {
  dialog.value = name;
};

function entries({ sessions, newNotebook }: Props): Entry[] {
  const own = (id: string, icon: Entry["icon"], title: string, keys: string | null, run: () => void): Entry => ({
    id,
    icon,
    title,
    note: "",
    keys,
    run,
  });
  return [
    ...sessions.map(one => ({
      ...own(`session-${one.id}`, "notebook", one.path ?? (one.title || t.untitled), null, () => goTo(`/s/${encodeURIComponent(one.id)}`)),
      note: t.palette.running,
    })),
    own("new-notebook", "plus", t.newNotebook, null, newNotebook),
    own("settings", "settings", c.settings, "Ctrl+,", show("settings")),
    own("logins", "key", t.loginsItem, null, show("logins")),
    own("theme", "system", c.theme, null, nextTheme),
  ];
}

/** Both come when they are first wanted. */
function useLoaded<T>(load: () => Promise<T>): T | null {
  const [loaded, set] = useState<T | null>(null);
  useEffect(() => {
    load()
      .then(found => set(() => found))
      .catch(complain);
  }, []);
  return loaded;
}

function Find(props: Props) {
  const loaded = useLoaded(() => import("./Palette.tsx"));
  return loaded === null ? null : (
    <loaded.Chooser fixed={entries(props)} more={[]} folder={props.folder} filesFirst words={t.palette.atHome} />
  );
}

function Settings() {
  const loaded = useLoaded(() => import("./Settings.tsx"));
  return loaded === null ? null : <loaded.Settings />;
}

function Logins() {
  const loaded = useLoaded(() => import("./LoginsDialog.tsx"));
  const close = (): void => {
    dialog.value = null;
  };
  return loaded === null ? null : <loaded.LoginsDialog onClose={close} />;
}

export function HomeDialogs(props: Props) {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || dialog.value !== null) return;
      const key = event.key.toLowerCase();
      if (key === "k" || (event.shiftKey && key === "p")) dialog.value = "palette";
      else if (key === ",") dialog.value = "settings";
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", press);
    return () => {
      removeEventListener("keydown", press);
      dialog.value = null;
    };
  }, []);
  if (dialog.value === "palette") return <Find {...props} />;
  if (dialog.value === "logins") return <Logins />;
  return dialog.value === "settings" ? <Settings /> : null;
}
