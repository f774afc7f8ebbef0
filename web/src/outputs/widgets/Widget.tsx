/** A view of a widget, in a sealed frame. */
import { useEffect, useMemo, useState } from "preact/hooks";
import type { FromWidgets } from "../../frame/protocol.ts";
import { map } from "../../model/json.ts";
import { formText } from "../../model/mime.ts";
import type { JsonMap } from "../../rpc/schema.ts";
import { open } from "../../session/open_session.ts";
import { r } from "../../text/rich.ts";
import { AnsiText } from "../../ui/AnsiText.tsx";
import { drawing } from "../../ui/drawing.ts";
import { complain } from "../../ui/notices.ts";
import { FrameOut } from "../FrameOut.tsx";
import type { SealedFrame } from "../sealed_frame.ts";
import { feedOf } from "./feed.ts";
import type { Widgets } from "./widgets.ts";

const VIEW = "application/vnd.jupyter.widget-view+json";

function useWidgets(): Widgets | null {
  const [widgets, setWidgets] = useState<Widgets | null>(null);
  const [, refresh] = useState(0);
  const store = open.value?.store;
  useEffect(() => {
    let current = true;
    const watch = (): void => refresh(count => count + 1);
    let loaded: Widgets | null = null;
    const feed = store === undefined ? undefined : feedOf(store);
    const coming = feed?.widgets();
    if (coming !== undefined)
      void drawing(coming).then(one => {
        if (!current) return;
        loaded = one;
        one.watchers.add(watch);
        setWidgets(one);
      }, complain);
    return () => {
      current = false;
      loaded?.watchers.delete(watch);
    };
  }, [store]);
  return widgets;
}

/** `ran`: whether a run of this session showed it. */
export function Widget({ data, ran }: { data: JsonMap; ran: boolean }) {
  const root = String(map(data[VIEW]).model_id ?? "");
  const widgets = useWidgets();
  const guest = useMemo(() => ({ type: "widget", body: root }), [root]);
  const models = useMemo(
    () =>
      widgets === null
        ? undefined
        : {
            receive: (message: FromWidgets, frame: SealedFrame) => widgets.receive(root, frame, message),
            leave: (frame: SealedFrame) => widgets.leave(frame),
          },
    [widgets, root],
  );
  if (models === undefined) return null;
  const comm = widgets?.comms.all.get(root);
  if (comm === undefined) {
    if (ran && widgets?.comms.isWhole === true) return null; // its program closed it, as a progress bar that leaves nothing
    return (
      <>
        <AnsiText text={formText(data, "text/plain")} />
        <p class="quiet">{r.noModel}</p>
      </>
    );
  }
  return (
    <>
      <FrameOut guest={guest} models={models} />
      {!comm.alive && <p class="quiet dead-widget">{r.deadWidget}</p>}
    </>
  );
}
