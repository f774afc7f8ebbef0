/** What is wrong, or just was, above the cells: the line and the login at once, all else when its code has come. */
import { ConnectionBanner } from "../panels/ConnectionBanner.tsx";
import { phase, server, updated } from "../session/connection.ts";
import type { Open } from "../session/open_session.ts";
import { may } from "../session/permissions.ts";
import { people } from "../session/presence.ts";
import { t } from "../text/en.ts";
import { forActs, lazily } from "../ui/lazy.ts";
import { toast } from "../ui/notices.ts";

const Troubles = lazily(forActs(async () => (await import("./Troubles.tsx")).Troubles));

/** The edits that the server does not have, as text. */
async function copyEdits({ store }: Open): Promise<void> {
  const texts = [...store.drafts].filter(([, draft]) => draft.pending() > 0).map(([, draft]) => draft.text());
  try {
    await navigator.clipboard.writeText(texts.join("\n\n"));
    toast(t.copied);
  } catch {
    toast(t.copyRefused, { bad: true });
  }
}

/** Whether there is something to be said besides. */
function isTroubled({ store }: Open): boolean {
  store.head.value;
  const { closed, death, file, lost } = store.model;
  const ofFile = file !== null && (file.conflict !== null || file.failed !== null || file.repairs.length > 0 || file.inPlace);
  const ofServer =
    updated.value || server.value?.degraded === true || (phase.value === "live" && store.caughtUp.value?.absence === "offline");
  const ofPeople = !may("own") || people.value.some(one => one.asks);
  return closed || death !== null || lost.length > 0 || ofFile || ofServer || ofPeople;
}

export function Banners({ open }: { open: Open }) {
  const { store } = open;
  return (
    <div class="banners">
      <ConnectionBanner unsent={store.unsent.value} copyEdits={() => void copyEdits(open)} />
      {isTroubled(open) && <Troubles open={open} />}
    </div>
  );
}
