/** Says how far the pages are until the browser's own dialog comes. */
import { useEffect, useState } from "preact/hooks";
import type { Open } from "../session/open_session.ts";
import { t } from "../text/en.ts";
import { printed } from "../text/printed.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { complain } from "../ui/notices.ts";
import { dialog } from "../ui/page_state.ts";
import { type Progress, printWhole } from "./print_whole.ts";

const close = (): void => {
  dialog.value = null;
};

export function PrintDialog({ open }: { open: Open }) {
  const [progress, tell] = useState<Progress>({ figures: 0, all: 0 });
  useEffect(() => {
    const fail = (why: unknown): void => {
      close();
      complain(why);
    };
    return printWhole(open.store, tell, close, fail);
  }, []);
  const { figures, all } = progress;
  return (
    <Dialog
      title={printed.title}
      onClose={close}
      foot={
        <>
          <span class="grow" />
          <button type="button" class="btn" autofocus onClick={close}>
            {t.cancel}
          </button>
        </>
      }
    >
      <p role="status">{all === 0 ? printed.drawing : printed.figures(figures, all)}</p>
      <progress class="printing" aria-label={printed.title} {...(all === 0 ? {} : { value: figures, max: all })} />
    </Dialog>
  );
}
