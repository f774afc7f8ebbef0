/** Uploads on their way, and the questions that they have. */

import { fileWords } from "../text/files.ts";
import { f } from "../text/managing.ts";
import { Ask } from "../ui/Dialog.tsx";
import { Icon } from "../ui/icons.tsx";
import { decide, stop, uploads } from "./uploads.ts";

export { uploadDropped } from "./uploads.ts";

export function Uploads() {
  const all = uploads.value;
  const taken = all.find(one => one.taken);
  if (all.length === 0) return null;
  return (
    <>
      <ul class="uploads" aria-label={fileWords.uploads}>
        {all.map(one => {
          const percent = Math.floor((100 * one.sent) / Math.max(1, one.size));
          const words =
            one.content instanceof Blob
              ? fileWords.uploading(one.name, percent)
              : f.folderProgress(one.name, one.done, one.content.files.length);
          return (
            <li key={one.key}>
              <span class="upload-name">{words}</span>
              <progress max={Math.max(1, one.size)} value={one.sent} aria-label={one.name} />
              <button type="button" class="btn ghost icon" aria-label={fileWords.stopUpload(one.name)} onClick={() => stop(one)}>
                <Icon name="cross" />
              </button>
            </li>
          );
        })}
      </ul>
      {taken !== undefined && (
        <Ask
          key={taken.key}
          title={fileWords.taken(taken.name)}
          body={taken.content instanceof Blob ? fileWords.takenBody : f.folderTakenBody}
          act={taken.content instanceof Blob ? fileWords.replace : f.putInto}
          danger
          onClose={() => {}}
          onNo={() => decide(taken, false)}
          onAct={() => decide(taken, true)}
        />
      )}
    </>
  );
}
