/** The sign-in page: one field, and where a fresh link comes from. */

import { useEffect, useState } from "preact/hooks";
import { askWays, enter, type Ways } from "../rpc/accounts.ts";
import { atHub, hubSignIn, signIn } from "../rpc/http.ts";
import { connection, everLive } from "../session/connection.ts";
import { setGuest } from "../session/permissions.ts";
import { route } from "../session/route.ts";
import { signingIn } from "../session/sign_in.ts";
import { accountWords as a } from "../text/accounts.ts";
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
  return atHub ? <AtHub message={signingIn.value?.message ?? ""} /> : <Here />;
}

/** By a name and a password where there are accounts; by the token, which whoever runs the server has. */
function Here() {
  const [ways, know] = useState<Ways | null>(null);
  const [byToken, choose] = useState(false);
  useEffect(() => {
    askWays().then(know, () => know("none"));
  }, []);
  if (ways === null) return null; // an answer is under way: no form that another one replaces
  if (ways === "none") return <ByToken />;
  const other = ways === "some" ? () => choose(!byToken) : null;
  return byToken ? <ByToken other={other} /> : <ByName other={other} />;
}

/** A button that leads to the other form. */
function Other({ words, onClick }: { words: string; onClick(): void }) {
  return (
    <button type="button" class="btn ghost" onClick={onClick}>
      {words}
    </button>
  );
}

function ByName({ other }: { other: (() => void) | null }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [stay, setStay] = useState(false);
  const [busy, setBusy] = useState(false);
  const [message, setMessage] = useState("");
  const before = signingIn.value?.message ?? "";
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      const answer = await enter(name, password, stay);
      if (answer.ok) {
        setGuest(null);
        connection.start();
      } else setMessage(answer.message);
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
        <label>
          {a.name}
          <input
            class="input"
            name="username"
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            autofocus
            required
            value={name}
            onInput={event => setName(event.currentTarget.value)}
          />
        </label>
        <label>
          {a.password}
          <input
            class="input"
            type="password"
            name="password"
            autocomplete="current-password"
            required
            value={password}
            onInput={event => setPassword(event.currentTarget.value)}
          />
        </label>
        <label class="check">
          <input type="checkbox" checked={stay} onChange={event => setStay(event.currentTarget.checked)} />
          {a.stay}
        </label>
        <button class="btn main" type="submit" disabled={busy}>
          {t.signIn}
        </button>
        {other !== null && <Other words={a.byToken} onClick={other} />}
        <p class="form-hint">{a.forgot}</p>
        {route.value.page === "session" && <p class="form-hint">{p.askAgain}</p>}
      </form>
    </Card>
  );
}

function ByToken({ other = null }: { other?: (() => void) | null }) {
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
        {other !== null && <Other words={a.byName} onClick={other} />}
        <p class="form-hint">{signInWords.signInHint}</p>
        {route.value.page === "session" && <p class="form-hint">{p.askAgain}</p>}
      </form>
      <p class="hint">{signInWords.signInKeep}</p>
    </Card>
  );
}
