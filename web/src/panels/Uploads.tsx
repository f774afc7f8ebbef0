/** Uploads on their way, and the questions that they have. */

import { t } from "../text/en.ts";
import { Ask } from "../ui/Dialog.tsx";
import { Icon } from "../ui/icons.tsx";
import { decide, stop, uploads } from "./uploads.ts";

export function Uploads() {
  const all = uploads.value;
  const taken = all.find(one => one.taken);
  if (all.length === 0) return null;
  return (
    <>
      <ul class="uploads" aria-label={t.files.uploads}>
        {all.map(one => {
          const percent = Math.floor((100 * one.sent) / Math.max(1, one.file.size));
          return (
            <li key={one.key}>
              <span class="upload-name">{t.files.uploading(one.name, percent)}</span>
              <progress max={Math.max(1, one.file.size)} value={one.sent} aria-label={one.name} />
              <button type="button" class="btn ghost icon" aria-label={t.files.stopUpload(one.name)} onClick={() => stop(one)}>
                <Icon name="cross" />
              </button>
            </li>
          );
        })}
      </ul>
      {taken !== undefined && (
        <Ask
          key={taken.key}
          title={t.files.taken(taken.name)}
          body={t.files.takenBody}
          act={t.files.replace}
          danger
          onClose={() => {}}
          onNo={() => decide(taken, false)}
          onAct={() => decide(taken, true)}
        />
      )}
    </>
  );
}
