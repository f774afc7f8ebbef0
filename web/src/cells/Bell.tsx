/** The bell beside a run that goes on: whoever presses it is told when the run has ended. */
import { ask, awaited, keyOf } from "../session/notifications.ts";
import { notificationWords as words } from "../text/notifications.ts";
import { Icon } from "../ui/icons.tsx";
import { complain } from "../ui/notices.ts";

export function Bell({ session, execution }: { session: string; execution: string }) {
  const isAsked = awaited.value.has(keyOf(session, execution));
  const title = isAsked ? words.asked : words.ask;
  return (
    <button
      type="button"
      class="link bell"
      title={title}
      aria-label={words.ask}
      aria-pressed={isAsked}
      onClick={() => ask(session, execution, !isAsked).catch(complain)}
    >
      <Icon name={isAsked ? "belled" : "bell"} />
    </button>
  );
}
