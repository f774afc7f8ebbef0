/** The browsers in which somebody is told by Web Push, and what lets this one be told; of a server that sends it. */
import { useEffect, useState } from "preact/hooks";
import type { PushBrowsers as List, PushBrowser } from "../rpc/schema.ts";
import { connection } from "../session/connection.ts";
import { obstacle, ownAmong, turnOff, turnOn } from "../session/push.ts";
import { ago } from "../text/format.ts";
import { pushWords as words } from "../text/push.ts";
import { Icon } from "../ui/icons.tsx";
import { complain, say, toast } from "../ui/notices.ts";
import { clockOffset } from "../ui/page_state.ts";

interface State {
  readonly list: List;
  /** That of this browser; null: it is not told. */
  readonly own: PushBrowser | null;
}

const when = (time: string): string => ago((Date.now() + clockOffset.value - Date.parse(time)) / 1000);

function Row({ one, isOwn, remove }: { one: PushBrowser; isOwn: boolean; remove(): void }) {
  return (
    <li>
      <Icon name="bell" />
      <span class="what">
        <b>{isOwn ? words.here(one.browser) : one.browser}</b>
        <span class="sub">{words.since(when(one.since), one.service)}</span>
      </span>
      <button type="button" class="btn" aria-label={words.removeOf(one.browser)} onClick={remove}>
        {words.remove}
      </button>
    </li>
  );
}

export function PushBrowsers() {
  const [state, set] = useState<State | null>(null);
  const [busy, work] = useState(false);
  const [problem, setProblem] = useState(obstacle());
  const take = async (list: List): Promise<void> => set({ list, own: await ownAmong(list.browsers) });
  useEffect(() => {
    connection.call("push.list", {}).then(take).catch(complain);
  }, []);
  if (state === null || !state.list.offered) return null;
  const change = async (made: Promise<List>, done: string): Promise<void> => {
    work(true);
    try {
      await take(await made);
      setProblem(null);
      toast(done);
      say(done);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      work(false);
    }
  };
  const { list, own } = state;
  const canTurnOn = own === null && obstacle() === null;
  return (
    <>
      <h3>{words.heading}</h3>
      <p class="form-hint">{words.hint}</p>
      {list.browsers.length > 0 && (
        <ul class="trash" aria-label={words.list}>
          {list.browsers.map(one => (
            <Row
              key={one.id}
              one={one}
              isOwn={one === own}
              remove={() => void change(turnOff(one), one === own ? words.off : words.removed(one.browser))}
            />
          ))}
        </ul>
      )}
      {(problem !== null || canTurnOn) && (
        <div class="account-form">
          {problem !== null && (
            <p class="form-error" role="alert">
              {problem}
            </p>
          )}
          {canTurnOn && (
            <button type="button" class="btn" disabled={busy} onClick={() => void change(turnOn(), words.on)}>
              {words.turnOn}
            </button>
          )}
        </div>
      )}
    </>
  );
}
