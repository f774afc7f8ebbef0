/** How many wait, and the list of what runs and waits. */
import type { Open } from "../session/open_session.ts";
import { t } from "../text/en.ts";
import { Icon } from "../ui/icons.tsx";
import { Popover } from "../ui/Popover.tsx";
import { QueueList } from "./QueueList.tsx";

export function QueueButton({ open, waiting }: { open: Open; waiting: number }) {
  return (
    <Popover className="btn ghost" label={`${t.queueButton(waiting)}: ${t.queueTitle}`} panel={() => <QueueList open={open} />}>
      <Icon name="clock" />
      {t.queueButton(waiting)}
    </Popover>
  );
}
