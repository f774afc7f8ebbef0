/** What a guest may do, and how it could be more. Whoever may only view sees it all the time; the others can put it away. */
import { useState } from "preact/hooks";
import { guestOf, right } from "../store/right.ts";
import { t } from "../text/en.ts";
import { s } from "../text/sharing.ts";
import { type Open, server } from "./app.ts";
import { Banner } from "./Banner.tsx";
import { Icon } from "./icons.tsx";

export function RightBanner({ open }: { open: Open }) {
  const [away, put] = useState<string | null>(null);
  const verb = right.value;
  const owner = server.value?.owner ?? null;
  if (guestOf.value === null || owner === null || verb === null || verb === away) return null;
  if (verb === "read")
    return (
      <Banner
        kind="info"
        icon="info"
        bold={s.viewing}
        end={
          <button type="button" class="btn" onClick={() => void open.actions.file.export("ipynb")}>
            <Icon name="download" />
            {s.downloadCopy}
          </button>
        }
      >
        {s.viewingBody(owner)}
      </Banner>
    );
  return (
    <Banner
      kind="info"
      icon="info"
      bold={verb === "write" ? s.editing : s.running}
      end={
        <button type="button" class="btn ghost icon" aria-label={t.close} onClick={() => put(verb)}>
          <Icon name="cross" />
        </button>
      }
    >
      {verb === "write" ? s.editingBody(owner) : s.runningBody(owner)}
    </Banner>
  );
}
