/** Who asks for more, on the pages of whoever manages the session: granted or declined for that one person. Several stand in the list of people. */
import { useState } from "preact/hooks";
import type { Someone } from "../model/people.ts";
import type { Open } from "../session/open_session.ts";
import { people } from "../session/presence.ts";
import { s } from "../text/sharing.ts";
import { Banner } from "../ui/Banner.tsx";
import { dialog } from "../ui/page_state.ts";
import { allow, decline } from "./person_acts.ts";

function Asking({ open, one }: { open: Open; one: Someone }) {
  const [busy, work] = useState(false);
  const asks = one.asks ?? "write";
  const answer = (call: Promise<void>): void => {
    work(true);
    void call.finally(() => work(false));
  };
  const end = (
    <>
      <button
        type="button"
        class="btn main"
        aria-label={s.allowOf[asks](one.name)}
        disabled={busy}
        onClick={() => answer(allow(open, one, asks))}
      >
        {s.allow}
      </button>
      <button type="button" class="btn" aria-label={s.notNowOf(one.name)} disabled={busy} onClick={() => answer(decline(open, one))}>
        {s.notNow}
      </button>
    </>
  );
  return (
    <Banner kind="info" icon="people" bold={s.asks[asks](one.name)} end={end}>
      {s.asksAlone[asks]}
    </Banner>
  );
}

export function Asks({ open }: { open: Open }) {
  const asking = people.value.filter(one => one.asks !== null);
  const [first] = asking;
  if (first === undefined) return null;
  if (asking.length === 1) return <Asking key={first.person} open={open} one={first} />;
  const end = (
    <button
      type="button"
      class="btn main"
      onClick={() => {
        dialog.value = "people";
      }}
    >
      {s.showThem}
    </button>
  );
  return (
    <Banner kind="info" icon="people" bold={s.manyAsk(asking.length)} end={end}>
      {s.manyAskBody}
    </Banner>
  );
}
