/** The own account: the name that others see, the password, and a code for the command line. */
import { useEffect, useState } from "preact/hooks";
import { PushBrowsers } from "../panels/PushBrowsers.tsx";
import type { OwnAccount } from "../rpc/schema.ts";
import { connection } from "../session/connection.ts";
import { accountWords as a } from "../text/accounts.ts";
import { t } from "../text/en.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { Form, useSending } from "../ui/Form.tsx";
import { complain, say, toast } from "../ui/notices.ts";
import { CopyField } from "./CopyField.tsx";
import { Face } from "./Face.tsx";
import { NewPassword } from "./NewPassword.tsx";

const told = (words: string): void => {
  toast(words);
  say(words);
};

function Name({ own, onSaved }: { own: OwnAccount; onSaved(own: OwnAccount): void }) {
  const [name, setName] = useState(own.display_name);
  const sending = useSending(async () => {
    onSaved(await connection.call("account.rename", { display_name: name.trim() }));
    told(a.saved);
    return null;
  });
  return (
    <Form className="account-form" sending={sending}>
      <label>
        {a.yourName}
        <input
          class="input"
          autocomplete="name"
          maxLength={40}
          required
          value={name}
          onInput={event => setName(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="btn" disabled={sending.busy || name.trim() === own.display_name}>
        {a.save}
      </button>
    </Form>
  );
}

/** Where mails about one's runs go: of a server that sends some. */
function Mail({ own, onSaved }: { own: OwnAccount; onSaved(own: OwnAccount): void }) {
  const [address, setAddress] = useState(own.mail ?? "");
  const wanted = address.trim() || null;
  const sending = useSending(async () => {
    onSaved(await connection.call("account.set_mail", { address: wanted }));
    told(wanted === null ? a.mailEnded : a.mailSaved(wanted));
    return null;
  });
  return (
    <Form className="account-form" sending={sending}>
      <label>
        {a.mail}
        <input
          class="input"
          type="email"
          autocomplete="email"
          maxLength={254}
          value={address}
          onInput={event => setAddress(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="btn" disabled={sending.busy || wanted === own.mail}>
        {a.save}
      </button>
      <p class="form-hint">{a.mailHint}</p>
    </Form>
  );
}

function Password({ own }: { own: OwnAccount }) {
  const [old, setOld] = useState("");
  const [password, setPassword] = useState<string | null>(null);
  const [round, next] = useState(0);
  const [tokens, keep] = useState(0);
  const sending = useSending(async () => {
    if (password === null) return a.differ;
    const changed = await connection.call("account.change_password", { old, new: password });
    told(a.changed);
    keep(changed.tokens);
    setOld("");
    setPassword(null);
    next(round + 1);
    return null;
  });
  return (
    <Form className="account-form" sending={sending}>
      <input type="text" name="username" autocomplete="username" value={own.name} readOnly hidden />
      <label>
        {a.oldPassword}
        <input
          class="input"
          type="password"
          autocomplete="current-password"
          required
          value={old}
          onInput={event => setOld(event.currentTarget.value)}
        />
      </label>
      <NewPassword key={round} onChange={setPassword} />
      <button type="submit" class="btn" disabled={sending.busy}>
        {a.change}
      </button>
      <p class="form-hint">{a.changeHint}</p>
      {tokens > 0 && (
        <p class="form-hint" role="status">
          {a.tokensGoOn(tokens)}
        </p>
      )}
    </Form>
  );
}

function Code() {
  const [code, show] = useState("");
  const make = (): void => {
    connection
      .call("account.code", {})
      .then(made => show(made.code))
      .catch(complain);
  };
  if (code !== "")
    return (
      <CopyField label={a.codeLabel} value={code} copy={a.copyCode} copied={a.codeCopied}>
        {a.codeBody}
      </CopyField>
    );
  return (
    <div class="account-form">
      <button type="button" class="btn" onClick={make}>
        {a.makeCode}
      </button>
      <p class="form-hint">{a.codeBody}</p>
    </div>
  );
}

export function AccountDialog({ onClose }: { onClose(): void }) {
  const [own, set] = useState<OwnAccount | null>(null);
  useEffect(() => {
    connection.call("account.get", {}).then(set).catch(complain);
  }, []);
  return (
    <Dialog title={a.account} onClose={onClose}>
      {own === null ? (
        <p class="quiet">{t.opening}</p>
      ) : (
        <div class="share">
          <div class="link-head">
            <Face person={`account ${own.id}`} name={own.display_name} />
            <span class="link-label">
              <b>{own.display_name}</b>
              <span class="sub">
                {a.signsInAs(own.name, own.role)} {own.groups.length > 0 && a.inGroups(own.groups)}
              </span>
            </span>
          </div>
          <Name own={own} onSaved={set} />
          {own.sends_mail && (
            <>
              <h3>{a.mailHeading}</h3>
              <Mail own={own} onSaved={set} />
            </>
          )}
          <PushBrowsers />
          <h3>{a.password}</h3>
          {own.has_password === false && own.identity_provider != null ? (
            <p class="quiet">{a.noPasswordHere(own.identity_provider)}</p>
          ) : (
            <Password own={own} />
          )}
          <h3>{a.code}</h3>
          <Code />
        </div>
      )}
    </Dialog>
  );
}
