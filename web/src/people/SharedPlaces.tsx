/** What was shared with somebody who has an account, the latest first: a way to each, what they may do there, and who has shared it. */

import { useEffect } from "preact/hooks";
import type { SharedPlace } from "../rpc/schema.ts";
import { phase } from "../session/connection.ts";
import { addressOf, openFile } from "../session/file_links.ts";
import { fetchShared, sharedPlaces } from "../session/shared_places.ts";
import { s } from "../text/sharing.ts";
import { FILE_ICONS, Icon } from "../ui/icons.tsx";
import { complain } from "../ui/notices.ts";

/** Asked for anew when the connection has come back, and when somebody comes back to the page. */
function useShared(): readonly SharedPlace[] {
  const live = phase.value === "live";
  useEffect(() => {
    if (!live) return;
    const refresh = (): void => {
      fetchShared().catch(complain);
    };
    refresh();
    addEventListener("focus", refresh);
    return () => removeEventListener("focus", refresh);
  }, [live]);
  return sharedPlaces.value;
}

function Place({ place }: { place: SharedPlace }) {
  const kind = place.kind === "folder" || place.kind === "notebook" ? place.kind : "file";
  const file = { kind, path: place.path, name: place.path.slice(place.path.lastIndexOf("/") + 1) } as const;
  return (
    <li>
      <a
        href={addressOf(file)}
        onClick={event => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          openFile(file);
        }}
      >
        <Icon name={FILE_ICONS[kind]} />
        {place.path === "" ? s.allFiles : place.path}
      </a>
      <span class="sub">
        {s.holds[place.verb]}, {s.sharedBy(place.by)}
      </span>
    </li>
  );
}

export function SharedPlaces() {
  const shared = useShared();
  if (shared.length === 0) return null;
  return (
    <section class="shared-places" aria-labelledby="shared-heading">
      <div class="files-head">
        <h2 id="shared-heading">{s.sharedPlaces}</h2>
      </div>
      <ul>
        {shared.map(place => (
          <Place key={place.path} place={place} />
        ))}
      </ul>
    </section>
  );
}
