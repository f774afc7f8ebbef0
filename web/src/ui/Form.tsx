/**
 * A form that is sent: once at a time, and what is wrong stands above its fields.
 *
 *     const sending = useSending(async () => (await enter(name)).message);
 *     <Form sending={sending}> … <button type="submit" disabled={sending.busy}> … </Form>
 */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

export interface Sending {
  /** Whether it is under way. */
  readonly busy: boolean;
  /** What was wrong the last time; empty when nothing was. */
  readonly message: string;
  submit(event: SubmitEvent): void;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * What a form does when it is sent.
 *
 * Args:
 *   send: resolves with what is wrong, in words for people; with nothing when it is done.
 *   failed: what to say when it rejects; without it, the message of the error.
 */
export function useSending(send: () => Promise<string | null>, failed: (error: unknown) => string = messageOf): Sending {
  const [busy, work] = useState(false);
  const [message, say] = useState("");
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (busy) return;
    work(true);
    void send()
      .catch(failed)
      .then(wrong => {
        say(wrong ?? "");
        work(false);
      });
  };
  return { busy, message, submit };
}

interface Props {
  readonly sending: Sending;
  /** What stands there as long as nothing was sent: why it is asked again. */
  readonly before?: string;
  readonly className?: string;
  readonly children: ComponentChildren;
}

export function Form({ sending, before = "", className, children }: Props) {
  const words = sending.message || before;
  return (
    <form class={className} onSubmit={sending.submit}>
      {words !== "" && (
        <p class="form-error" role="alert">
          {words}
        </p>
      )}
      {children}
    </form>
  );
}
