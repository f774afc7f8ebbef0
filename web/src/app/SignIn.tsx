/** The sign-in page: one field, and where a fresh link comes from. */

import { useState } from "preact/hooks";
import { atHub, hubSignIn, signIn } from "../rpc/http.ts";
import { connection, everLive } from "../session/connection.ts";
import { route } from "../session/route.ts";
import { signingIn } from "../session/sign_in.ts";
import { t } from "../text/en.ts";
import { p } from "../text/people.ts";
import { signInWords } from "../text/sign_in.ts";
import { Card } from "../ui/Card.tsx";

/** Where a hub signs people in. A page that was signed in before waits for another tab to be: so it keeps what it has not sent. */
function AtHub({ message }: { message: string }) {
  return (
    <Card title={signInWords.signInTo}>
      {message !== "" && (
        <p class="form-error" role="alert">
          {message}
        </p>
      )}
      <a class="btn main" href={hubSignIn(location.pathname + location.search)} target={everLive.value ? "_blank" : undefined}>
        {signInWords.hubSignIn}
      </a>
      <p class="hint">{signInWords.hubHint}</p>
      <p class="hint">{signInWords.signInKeep}</p>
    </Card>
  );
}

export function SignIn() {
  return atHub ? <AtHub message={signingIn.value?.message ?? ""} /> : <ByToken />;
}

function ByToken() {
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
      else setMessage(answer.message || signInWords.signInRefused);
    } catch {
      setMessage(t.signInUnreachable);
    }
    setBusy(false);
  };
  return (
    <Card title={signInWords.signInTo}>
      <form onSubmit={event => void submit(event)}>
        {(message || before) !== "" && (
          <p class="form-error" role="alert">
            {message || before}
          </p>
        )}
        <input type="text" name="username" autocomplete="username" value={t.product} readOnly hidden />
        <label>
          {signInWords.token}
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
        <p class="form-hint">{signInWords.signInHint}</p>
        {route.value.page === "session" && <p class="form-hint">{p.askAgain}</p>}
      </form>
      <p class="hint">{signInWords.signInKeep}</p>
    </Card>
  );
}
