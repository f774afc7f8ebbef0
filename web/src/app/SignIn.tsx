/** The sign-in page: one field, and where a fresh link comes from. */
import { useState } from "preact/hooks";
import { signIn } from "../rpc/http.ts";
import { connection } from "../session/connection.ts";
import { route } from "../session/route.ts";
import { signingIn } from "../session/sign_in.ts";
import { t } from "../text/en.ts";
import { p } from "../text/people.ts";
import { Card } from "../ui/Card.tsx";

export function SignIn() {
  const [token, setToken] = useState("");
  const [busy, setBusy] = useState(false);
  const [message, setMessage] = useState("");
  const before = signingIn.value?.message ?? "";
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      const answer = await signIn({ token: token.trim() });
      if (answer.ok) connection.start();
      else setMessage(answer.message || t.signInRefused);
    } catch {
      setMessage(t.signInUnreachable);
    }
    setBusy(false);
  };
  return (
    <Card title={t.signInTo}>
      <form onSubmit={event => void submit(event)}>
        {(message || before) !== "" && (
          <p class="form-error" role="alert">
            {message || before}
          </p>
        )}
        <input type="text" name="username" autocomplete="username" value={t.product} readOnly hidden />
        <label>
          {t.token}
          <input
            class="input"
            type="password"
            name="token"
            autocomplete="current-password"
            autofocus
            required
            value={token}
            onInput={event => setToken(event.currentTarget.value)}
          />
        </label>
        <button class="btn main" type="submit" disabled={busy}>
          {t.signIn}
        </button>
        <p class="form-hint">{t.signInHint}</p>
        {route.value.page === "session" && <p class="form-hint">{p.askAgain}</p>}
      </form>
      <p class="hint">{t.signInKeep}</p>
    </Card>
  );
}
