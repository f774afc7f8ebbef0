/** Something that is shown once, to be copied: a link, a token, a code. It is selected as soon as it is there. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../text/en.ts";
import { Icon } from "../ui/icons.tsx";
import { say, toast } from "../ui/notices.ts";

/** So many lines are seen at once. */
const MOST_LINES = 8;

interface Props {
  readonly label: string;
  /** One line, or several. */
  readonly value: string;
  /** What the button says. */
  readonly copy: string;
  /** What is said when it is copied. */
  readonly copied: string;
  /** What is to be known of it. */
  readonly children: ComponentChildren;
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** Whether an address reaches this machine only. */
export const isLocal = (url: string): boolean => LOOPBACK.test(new URL(url).hostname);

export function CopyField({ label, value, copy, copied, children }: Props) {
  const field = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  const lines = value.split("\n").length;
  useEffect(() => field.current?.select(), [value]);
  const put = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(value);
      toast(copied);
      say(copied);
    } catch {
      toast(t.copyRefused, { bad: true });
    }
  };
  return (
    <div class="new-link" role="status">
      {lines === 1 ? (
        <input class="input" ref={field} readOnly aria-label={label} value={value} onFocus={event => event.currentTarget.select()} />
      ) : (
        <textarea
          class="input"
          ref={field}
          readOnly
          aria-label={label}
          rows={Math.min(lines, MOST_LINES)}
          wrap="off"
          value={value}
          onFocus={event => event.currentTarget.select()}
        />
      )}
      <button type="button" class="btn main" onClick={() => void put()}>
        <Icon name="copy" />
        {copy}
      </button>
      <p class="form-hint">{children}</p>
    </div>
  );
}
