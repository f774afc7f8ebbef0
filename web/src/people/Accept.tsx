/** An invitation to an account: its person chooses a password, and the name that others see. */
import { useEffect, useState } from "preact/hooks";
import { accept, askInvited, type Invited } from "../rpc/accounts.ts";
import { setGuest } from "../session/permissions.ts";
import { homeAddress } from "../session/route.ts";
import { accountWords as a } from "../text/accounts.ts";
import { t } from "../text/en.ts";
import { Card } from "../ui/Card.tsx";
import { Form, useSending } from "../ui/Form.tsx";
import { NewPassword } from "./NewPassword.tsx";

export function Accept({ secret }: { secret: string }) {
  const [invited, know] = useState<Invited | string | null>(null);
  useEffect(() => {
    askInvited(secret).then(know, () => know(t.signInUnreachable));
  }, [secret]);
  if (invited === null) return null;
  if (typeof invited !== "string") return <Choose secret={secret} invited={invited} />;
  return (
    <Card title={a.refused}>
      <p class="form-error" role="alert">
        {invited}
      </p>
      <a class="btn main" href={homeAddress("")}>
        {a.toSignIn}
      </a>
    </Card>
  );
}

function Choose({ secret, invited }: { secret: string; invited: Invited }) {
  const [name, setName] = useState(invited.name);
  const [password, setPassword] = useState<string | null>(null);
  const [stay, setStay] = useState(false);
  const sending = useSending(
    async () => {
      if (password === null) return a.differ;
      const answer = await accept(secret, name.trim(), password, stay);
      if (!answer.ok) return answer.message;
      setGuest(null);
      location.assign(homeAddress("")); // as who has just signed in, whoever this browser was before
      return new Promise<null>(() => {}); // busy until the page is another one
    },
    () => t.signInUnreachable,
  );
  return (
    <Card title={a.welcome(invited.account)}>
      <Form sending={sending}>
        <p>{a.chooseBody(invited.account)}</p>
        <input type="text" name="username" autocomplete="username" value={invited.account} readOnly hidden />
        <label>
          {a.yourName}
          <input
            class="input"
            type="text"
            name="name"
            autocomplete="name"
            required
            maxLength={40}
            value={name}
            onInput={event => setName(event.currentTarget.value)}
          />
        </label>
        <NewPassword onChange={setPassword} />
        <label class="check">
          <input type="checkbox" checked={stay} onChange={event => setStay(event.currentTarget.checked)} />
          {a.stay}
        </label>
        <button class="btn main" type="submit" disabled={sending.busy}>
          {a.choose}
        </button>
      </Form>
    </Card>
  );
}
