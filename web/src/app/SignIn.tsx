/** The sign-in page: at an identity provider, by a name, or by the token; one form at a time, and the ways to the others. */

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { askDoors, beginSso, type Doors, enter } from "../rpc/accounts.ts";
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
import { Form, useSending } from "../ui/Form.tsx";

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

type Way = "provider" | "name" | "token";

/** At the identity provider where there is one; by a name and a password where there are accounts; by the token, which whoever runs the server has. */
function Here() {
  const [doors, know] = useState<Doors | null>(null);
  const [chosen, choose] = useState<Way | null>(null);
  useEffect(() => {
    askDoors().then(know, () => know({ ways: "none", provider: null }));
  }, []);
  if (doors === null) return null; // an answer is under way: no form that another one replaces
  const { ways, provider } = doors;
  const offered: readonly Way[] = [
    ...(provider === null ? [] : (["provider"] as const)),
    ...(ways === "none" ? [] : (["name"] as const)),
    ...(ways === "only" ? [] : (["token"] as const)),
  ];
  const way = chosen ?? offered[0];
  const words = { provider: a.byProvider(provider ?? ""), name: a.byName, token: a.byToken };
  const others = offered.filter(one => one !== way).map(one => <Other key={one} words={words[one]} onClick={() => choose(one)} />);
  if (way === "provider" && provider !== null) return <ByProvider provider={provider} others={others} />;
  return way === "name" ? <ByName others={others} /> : <ByToken others={others} />;
}

interface FormProps {
  /** Buttons that lead to the other forms. */
  readonly others: ComponentChildren;
}

/** A button that leads to another form. */
function Other({ words, onClick }: { words: string; onClick(): void }) {
  return (
    <button type="button" class="btn ghost" onClick={onClick}>
      {words}
    </button>
  );
}

interface EndProps extends FormProps {
  readonly submit: string;
  readonly busy: boolean;
  readonly hint: string;
}

/** How each form ends: what sends it, the ways to the others, and what helps whom none of them lets in. */
function End({ submit, busy, others, hint }: EndProps) {
  return (
    <>
      <button type="submit" class="btn main" disabled={busy}>
        {submit}
      </button>
      {others}
      <p class="form-hint">{hint}</p>
      {route.value.page === "session" && <p class="form-hint">{p.askAgain}</p>}
    </>
  );
}

function Stay({ checked, onChange }: { checked: boolean; onChange(checked: boolean): void }) {
  return (
    <label class="check">
      <input type="checkbox" checked={checked} onChange={event => onChange(event.currentTarget.checked)} />
      {a.stay}
    </label>
  );
}

/** Leads to the identity provider. A page that was signed in before stays, and another tab goes there: so it keeps what it has not sent. */
function ByProvider({ provider, others }: FormProps & { provider: string }) {
  const [busy, setBusy] = useState(false);
  const [message, setMessage] = useState("");
  const [stay, setStay] = useState(false);
  const before = signingIn.value?.message ?? "";
  const go = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    const tab = everLive.value ? window.open("", "_blank") : null; // at once: later no click has asked for it
    try {
      const begun = await beginSso(location.pathname + location.search, stay);
      if ("url" in begun) {
        if (tab !== null) tab.opener = null;
        (tab ?? window).location.assign(begun.url);
        if (tab === null) return;
      } else {
        tab?.close();
        setMessage(begun.message || t.signInUnreachable);
      }
    } catch {
      tab?.close();
      setMessage(t.signInUnreachable);
    }
    setBusy(false);
  };
  return (
    <Card title={signInWords.signInTo}>
      <form onSubmit={event => void go(event)}>
        {(message || before) !== "" && (
          <p class="form-error" role="alert">
            {message || before}
          </p>
        )}
        <Stay checked={stay} onChange={setStay} />
        <End submit={a.byProvider(provider)} busy={busy} others={others} hint={a.providerHint} />
      </form>
    </Card>
  );
}

function ByName({ others }: FormProps) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [stay, setStay] = useState(false);
  const sending = useSending(
    async () => {
      const answer = await enter(name, password, stay);
      if (!answer.ok) return answer.message;
      setGuest(null);
      connection.start();
      return null;
    },
    () => t.signInUnreachable,
  );
  return (
    <Card title={signInWords.signInTo}>
      <Form sending={sending} before={signingIn.value?.message ?? ""}>
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
        <Stay checked={stay} onChange={setStay} />
        <End submit={t.signIn} busy={sending.busy} others={others} hint={a.forgot} />
      </Form>
    </Card>
  );
}

function ByToken({ others }: FormProps) {
  const [token, setToken] = useState("");
  const sending = useSending(
    async () => {
      const answer = await signIn({ token: token.trim() });
      if (!answer.ok) return answer.message || signInWords.signInRefused;
      connection.start();
      return null;
    },
    () => t.signInUnreachable,
  );
  return (
    <Card title={signInWords.signInTo}>
      <Form sending={sending} before={signingIn.value?.message ?? ""}>
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
        <End submit={t.signIn} busy={sending.busy} others={others} hint={signInWords.signInHint} />
      </Form>
      <p class="hint">{signInWords.signInKeep}</p>
    </Card>
  );
}
