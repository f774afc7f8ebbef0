/** What somebody sees who came by a link: the question for their name, their home, and the end of it. */
import { useState } from "preact/hooks";
import { join, type Offer } from "../rpc/http.ts";
import { connection, server } from "../session/connection.ts";
import { guestOf, setGuest, setRight } from "../session/permissions.ts";
import { goTo, sessionAddress } from "../session/route.ts";
import { joining, signingIn } from "../session/sign_in.ts";
import { t } from "../text/en.ts";
import { s } from "../text/sharing.ts";
import { Card } from "../ui/Card.tsx";
import { Form, useSending } from "../ui/Form.tsx";
import { Icon } from "../ui/icons.tsx";
import { lazily } from "../ui/lazy.ts";

const Accept = lazily(async () => (await import("./Accept.tsx")).Accept);

const NAME_KEY = "webipy-name";

/** The name that was given the last time in this browser. */
function nameBefore(): string {
  try {
    return localStorage.getItem(NAME_KEY) ?? "";
  } catch {
    return ""; // a browser that keeps nothing
  }
}

function keepName(name: string): void {
  try {
    localStorage.setItem(NAME_KEY, name);
  } catch {
    // a browser that keeps nothing: they type it again
  }
}

export function Join() {
  const at = joining.value;
  if (at === null) return null;
  const { offer } = at;
  if (offer === "invitation") return <Accept secret={at.secret} />;
  if (offer === null)
    return (
      <Card title={s.linkRefused}>
        <p class="form-error" role="alert">
          {at.message}
        </p>
      </Card>
    );
  return <NameForm secret={at.secret} offer={offer} />;
}

function NameForm({ secret, offer }: { secret: string; offer: Offer }) {
  const [name, setName] = useState(nameBefore);
  const sending = useSending(
    async () => {
      const answer = await join(secret, name.trim());
      if (!answer.ok) return answer.message;
      keepName(name.trim());
      setGuest(offer.session);
      setRight(offer.verb);
      joining.value = null;
      signingIn.value = null;
      connection.start();
      return null;
    },
    () => t.signInUnreachable,
  );
  return (
    <Card title={s.sharedWithYou(offer.owner, offer.title)}>
      <Form sending={sending}>
        <p>{s.youCan[offer.verb]}</p>
        <label>
          {s.yourName}
          <input
            class="input"
            type="text"
            name="name"
            autocomplete="name"
            autofocus
            required
            maxLength={40}
            value={name}
            onInput={event => setName(event.currentTarget.value)}
          />
        </label>
        <button class="btn main" type="submit" disabled={sending.busy || name.trim() === ""}>
          {s.join}
        </button>
        <p class="form-hint">{s.nameHint}</p>
      </Form>
    </Card>
  );
}

export function Ended() {
  return (
    <Card title={s.accessEnded}>
      <p>{s.accessEndedBody(server.value?.owner ?? s.ownerUnknown)}</p>
    </Card>
  );
}

export function GuestHome() {
  const session = guestOf.value ?? "";
  const address = sessionAddress(session);
  return (
    <Card title={s.guestHome}>
      <p>{s.guestHomeBody(server.value?.owner ?? s.ownerUnknown)}</p>
      <a
        class="btn main"
        href={address}
        onClick={event => {
          event.preventDefault();
          goTo(address);
        }}
      >
        <Icon name="notebook" />
        {s.openShared}
      </a>
    </Card>
  );
}
