/** Tokens for scripts: made with limits, shown once, listed, revoked. A guest makes them for the session of their link. */

import { useEffect, useState } from "preact/hooks";
import type { Token } from "../rpc/schema.ts";
import { connection } from "../session/connection.ts";
import { guestOf } from "../session/permissions.ts";
import { t } from "../text/en.ts";
import { ago } from "../text/format.ts";
import { tokenWords as words } from "../text/tokens.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { Icon } from "../ui/icons.tsx";
import { complain, say, toast } from "../ui/notices.ts";
import { CopyField } from "./CopyField.tsx";
import { type Limit, limitsAsked, limitsOf } from "./token_limits.ts";

const DAYS: readonly (number | null)[] = [1, 7, 30, 90, 365, null];

const day = (time: string): string => new Date(time).toLocaleDateString(undefined, { year: "numeric", month: "short", day: "numeric" });
const when = (time: string): string => ago((Date.now() - Date.parse(time)) / 1000);

function Row({ one, end }: { one: Token; end(): void }) {
  const used = one.connections > 0 ? words.now : one.used === null ? words.never : words.used(when(one.used));
  const expires = one.expires === null ? words.endless : one.is_valid ? words.until(day(one.expires)) : words.over(day(one.expires));
  return (
    <li>
      <Icon name="key" />
      <span class="what">
        <b>{one.label}</b>
        <span class="sub">{[limitsOf(one), expires, used, one.address].filter(word => word !== "").join(" · ")}</span>
      </span>
      <button type="button" class="btn" aria-label={words.revokeOf(one.label)} onClick={end}>
        {words.revoke}
      </button>
    </li>
  );
}

function MakeToken({ session, onMade }: { session: string | null; onMade(): void }) {
  const [label, name] = useState("");
  const [limit, choose] = useState<Limit>(session === null ? "all" : "session");
  const [text, type] = useState("");
  const [read, only] = useState(false);
  const [days, last] = useState<number | null>(30);
  const [busy, work] = useState(false);
  const [token, show] = useState<string | null>(null);
  const make = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    work(true);
    try {
      const made = await connection.call("token.create", { label, days, read, ...limitsAsked(limit, session, text) });
      show(made.token);
      name("");
      onMade();
    } catch (error) {
      complain(error);
    }
    work(false);
  };
  const offered = (Object.keys(words.limits) as Limit[]).filter(one =>
    one === "session" ? session !== null : one !== "folder" || guestOf.value === null,
  );
  return (
    <>
      <form class="make-link make-token" onSubmit={event => void make(event)}>
        <input
          class="input"
          aria-label={words.name}
          placeholder={words.nameHint}
          required
          maxLength={40}
          autocomplete="off"
          value={label}
          onInput={event => name(event.currentTarget.value)}
        />
        <select
          class="input"
          aria-label={words.limit}
          value={limit}
          onChange={event => {
            type("");
            choose(event.currentTarget.value as Limit);
          }}
        >
          {offered.map(one => (
            <option key={one} value={one}>
              {words.limits[one]}
            </option>
          ))}
        </select>
        <select
          class="input"
          aria-label={words.lasts}
          value={days ?? 0}
          onChange={event => last(Number(event.currentTarget.value) || null)}
        >
          {DAYS.map(one => (
            <option key={one ?? 0} value={one ?? 0}>
              {words.days(one)}
            </option>
          ))}
        </select>
        {(limit === "folder" || limit === "methods") && (
          <input
            class="input wide"
            aria-label={words[limit]}
            placeholder={limit === "folder" ? words.folderHint : words.methodsHint}
            required
            spellcheck={false}
            autocomplete="off"
            value={text}
            onInput={event => type(event.currentTarget.value)}
          />
        )}
        <label class="check">
          <input type="checkbox" checked={read} onChange={event => only(event.currentTarget.checked)} />
          {words.read}
        </label>
        <button type="submit" class="btn main" disabled={busy}>
          {words.create}
        </button>
      </form>
      {!read && <p class="form-hint">{words.runs}</p>}
      {token !== null && (
        <CopyField label={words.made} value={token} copy={words.copy} copied={words.copied}>
          {words.once}
        </CopyField>
      )}
    </>
  );
}

export function TokensDialog({ session, onClose }: { session: string | null; onClose(): void }) {
  const [tokens, set] = useState<readonly Token[] | null>(null);
  const refresh = (): void => {
    connection
      .call("token.list", {})
      .then(list => set(list.tokens))
      .catch(complain);
  };
  useEffect(refresh, []);
  const end = async (id: string): Promise<void> => {
    try {
      await connection.call("token.revoke", { id });
      toast(words.revoked);
      say(words.revoked);
    } catch (error) {
      complain(error);
    }
    refresh();
  };
  return (
    <Dialog title={words.title} onClose={onClose}>
      <p class="quiet">{words.body}</p>
      <MakeToken session={session} onMade={refresh} />
      {tokens === null && <p class="quiet">{t.opening}</p>}
      {tokens?.length === 0 && <p class="quiet">{words.none}</p>}
      <ul class="trash" aria-label={words.title}>
        {tokens?.map(one => (
          <Row key={one.id} one={one} end={() => void end(one.id)} />
        ))}
      </ul>
    </Dialog>
  );
}
