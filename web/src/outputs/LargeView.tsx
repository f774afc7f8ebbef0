/** An output some of whose values are large: what is fetched is shown like any output, the rest can be shown or downloaded. */
import { useEffect, useRef, useState } from "preact/hooks";
import { save } from "../rpc/http.ts";
import type { JsonMap } from "../rpc/schema.ts";
import { t } from "../text/en.ts";
import { size } from "../text/format.ts";
import { r } from "../text/rich.ts";
import { drawing } from "../ui/drawing.ts";
import { Icon } from "../ui/icons.tsx";
import { complain } from "../ui/notices.ts";
import type { Bundle } from "./bundle.ts";
import { type Large, largeOf } from "./large.ts";
import { downloadOf, fetchLarge, isFetched, shownSize } from "./large_values.ts";
import { RichView } from "./RichView.tsx";

type Fetched = Readonly<Record<string, JsonMap[string]>>;

function Row({ session, large, state, show }: { session: string; large: Large; state: string; show: () => void }) {
  const { address, name } = downloadOf(session, large);
  return (
    <p class="wanted">
      <Icon name="file" />
      <span class="grow">
        {r.large(large.type, size(shownSize(large)))}
        {state !== "" && state !== "wait" && <span role="alert"> {r.largeFailed(state)}</span>}
      </span>
      <button type="button" class="btn" onClick={show} disabled={state === "wait"}>
        {state === "wait" ? r.largeComing : r.remoteShow}
      </button>
      <button type="button" class="btn" onClick={() => void save(address, name).catch(complain)}>
        {t.download}
      </button>
    </p>
  );
}

export function LargeView({ session, data, metadata, revision, label, ran = false }: Bundle & { session: string }) {
  const all = largeOf(metadata);
  const key = all.map(one => one.sha256).join();
  const [fetched, setFetched] = useState<Fetched>({});
  const [states, setStates] = useState<Readonly<Record<string, string>>>({});
  const now = useRef(key);
  now.current = key;
  const show = (one: Large): void => {
    setStates(before => ({ ...before, [one.sha256]: "wait" }));
    drawing(fetchLarge(session, one)).then(
      value => {
        if (now.current === key) setFetched(before => ({ ...before, [one.sha256]: value }));
      },
      (fault: unknown) => setStates(before => ({ ...before, [one.sha256]: fault instanceof Error ? fault.message : String(fault) })),
    );
  };
  useEffect(() => {
    for (const one of all) if (isFetched(one) && fetched[one.sha256] === undefined) show(one);
  }, [key]);
  const whole: JsonMap = { ...data };
  for (const one of all) {
    const value = fetched[one.sha256];
    if (value !== undefined) whole[one.type] = value;
  }
  const rest = all.filter(one => fetched[one.sha256] === undefined);
  return (
    <>
      {Object.keys(whole).length > 0 && (
        <RichView data={whole} metadata={metadata} revision={revision * 1000 + all.length - rest.length} label={label} ran={ran} />
      )}
      {rest.map(one => (
        <Row key={one.type} session={session} large={one} state={states[one.sha256] ?? ""} show={() => show(one)} />
      ))}
    </>
  );
}
