/** What the home page opens by key: the palette over sessions and files, and the settings. */

import { useEffect } from "preact/hooks";
import type { Entry } from "../panels/Palette.tsx";
import type { Session } from "../rpc/schema.ts";
import { server } from "../session/connection.ts";
import { goTo, sessionAddress } from "../session/route.ts";
import { mayManage } from "../session/shared_places.ts";
import { commandTitles } from "../text/commands.ts";
import { t } from "../text/en.ts";
import { paletteWords } from "../text/finding.ts";
import { homeWords } from "../text/home.ts";
import { menuWords } from "../text/menus.ts";
import { lazily } from "../ui/lazy.ts";
import { dialog } from "../ui/page_state.ts";
import { nextTheme } from "../ui/settings.ts";
import { endSharing, sharing } from "../ui/sharing.ts";

interface Props {
  readonly folder: string;
  readonly sessions: readonly Session[];
  newNotebook(): void;
}

const show = (name: "palette" | "settings" | "logins" | "tokens" | "audit" | "users" | "help") => (): void => {
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
      ...own(`session-${one.id}`, "notebook", one.path ?? (one.title || t.untitled), null, () => goTo(sessionAddress(one.id))),
      note: paletteWords.running,
    })),
    own("new-notebook", "plus", homeWords.newNotebook, null, newNotebook),
    own("settings", "settings", commandTitles.settings, "Ctrl+,", show("settings")),
    own("logins", "key", menuWords.loginsItem, null, show("logins")),
    own("tokens", "key", menuWords.tokensItem, null, show("tokens")),
    ...(mayManage() && server.value?.hub === null ? [own("users", "people", menuWords.usersItem, null, show("users"))] : []),
    ...(mayManage() ? [own("audit", "history", menuWords.auditItem, null, show("audit"))] : []),
    own("help", "help", commandTitles.help, null, show("help")),
    own("theme", "system", commandTitles.theme, null, nextTheme),
  ];
}

const Chooser = lazily(async () => (await import("../panels/Palette.tsx")).Chooser);
const Settings = lazily(async () => (await import("../panels/Settings.tsx")).Settings);
const HelpDialog = lazily(async () => (await import("../panels/HelpDialog.tsx")).HelpDialog);
const LoginsDialog = lazily(async () => (await import("../people/LoginsDialog.tsx")).LoginsDialog);
const AccountDialog = lazily(async () => (await import("../people/AccountDialog.tsx")).AccountDialog);
const UsersDialog = lazily(async () => (await import("../people/UsersDialog.tsx")).UsersDialog);
const TokensDialog = lazily(async () => (await import("../people/TokensDialog.tsx")).TokensDialog);
const AuditDialog = lazily(async () => (await import("../people/AuditDialog.tsx")).AuditDialog);

const PlaceDialog = lazily(async () => (await import("../people/PlaceDialog.tsx")).PlaceDialog);

const close = (): void => {
  dialog.value = null;
};

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
      endSharing();
    };
  }, []);
  if (sharing.value !== null) return <PlaceDialog place={sharing.value} onClose={endSharing} />;
  if (dialog.value === "palette")
    return <Chooser fixed={entries(props)} more={[]} folder={props.folder} filesFirst words={paletteWords.atHome} />;
  if (dialog.value === "help") return <HelpDialog open={null} />;
  if (dialog.value === "logins") return <LoginsDialog onClose={close} />;
  if (dialog.value === "account") return <AccountDialog onClose={close} />;
  if (dialog.value === "users") return <UsersDialog onClose={close} />;
  if (dialog.value === "audit") return <AuditDialog onClose={close} />;
  if (dialog.value === "tokens") return <TokensDialog session={null} onClose={close} />;
  return dialog.value === "settings" ? <Settings /> : null;
}
