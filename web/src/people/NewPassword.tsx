/** A new password, typed twice. */
import { useState } from "preact/hooks";
import { accountWords as a } from "../text/accounts.ts";

interface Props {
  /** Called with the password; null while the two differ. */
  onChange(password: string | null): void;
}

export function NewPassword({ onChange }: Props) {
  const [first, setFirst] = useState("");
  const [second, setSecond] = useState("");
  const note = (one: string, other: string): void => onChange(one === other ? one : null);
  return (
    <>
      <label>
        {a.newPassword}
        <input
          class="input"
          type="password"
          name="new-password"
          autocomplete="new-password"
          required
          minLength={8}
          maxLength={1024}
          value={first}
          onInput={event => {
            setFirst(event.currentTarget.value);
            note(event.currentTarget.value, second);
          }}
        />
      </label>
      <label>
        {a.again}
        <input
          class="input"
          type="password"
          name="new-password-again"
          autocomplete="new-password"
          required
          value={second}
          onInput={event => {
            setSecond(event.currentTarget.value);
            note(first, event.currentTarget.value);
          }}
        />
      </label>
      <p class="form-hint">{a.passwordHint}</p>
    </>
  );
}
