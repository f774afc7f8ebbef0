/** Something that is shown once, to be copied: a link, a token, a code. It is selected as soon as it is there. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../text/en.ts";
import { Icon } from "../ui/icons.tsx";
import { say, toast } from "../ui/notices.ts";

interface Props {
  readonly label: string;
  readonly value: string;
  /** What the button says. */
  readonly copy: string;
  /** What is said when it is copied. */
  readonly copied: string;
  /** What is to be known of it. */
  readonly children: ComponentChildren;
}

export function CopyField({ label, value, copy, copied, children }: Props) {
  const field = useRef<HTMLInputElement>(null);
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
      <input class="input" ref={field} readOnly aria-label={label} value={value} onFocus={event => event.currentTarget.select()} />
      <button type="button" class="btn main" onClick={() => void put()}>
        <Icon name="copy" />
        {copy}
      </button>
      <p class="form-hint">{children}</p>
    </div>
  );
}
