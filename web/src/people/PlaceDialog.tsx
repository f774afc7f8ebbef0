/** Shares a folder with all in it, or a file that need not be open, by name. */

import { nameOf } from "../model/paths.ts";
import { s } from "../text/sharing.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { Icon } from "../ui/icons.tsx";
import type { Place } from "../ui/sharing.ts";
import { NamedRights } from "./NamedRights.tsx";

export function PlaceDialog({ place, onClose }: { place: Place; onClose(): void }) {
  const { path, isFolder } = place;
  const foot = (
    <>
      <Icon name="lock" />
      <span class="grow sub">{isFolder ? s.footFolder : s.footFile}</span>
    </>
  );
  return (
    <Dialog title={s.shareTitle(path === "" ? s.allFiles.toLowerCase() : nameOf(path))} onClose={onClose} foot={foot}>
      <div class="share">
        <p class="quiet">{isFolder ? s.folderBody : s.fileBody}</p>
        <NamedRights key={path} place={{ path }} alone />
      </div>
    </Dialog>
  );
}
