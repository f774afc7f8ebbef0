/** HTML: what does nothing in the page, what does something in a frame. */
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { formText } from "../model/mime.ts";
import { notebookFolder } from "../session/open_session.ts";
import { drawing } from "../ui/drawing.ts";
import { lazily } from "../ui/lazy.ts";
import { complain } from "../ui/notices.ts";
import { reachByKeys } from "../ui/scrolled_boxes.ts";
import type { Bundle } from "./bundle.ts";
import { embedding } from "./embedding.ts";
import { keepReadable } from "./grounds.ts";
import { isActive, showPassive } from "./passive.ts";

const FrameOut = lazily(async () => (await import("./FrameOut.tsx")).FrameOut);
const ShowAll = lazily(async () => (await import("./ShowAll.tsx")).ShowAll);

/** HTML that does nothing, in a shadow root. */
function PassiveOut({ html, label }: { html: string; label: string }) {
  const host = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (host.current === null) return;
    let current = true;
    const { embed, stop } = embedding();
    showPassive(html, host.current, notebookFolder(), embed);
    reachByKeys(host.current, label);
    const { shadowRoot } = host.current;
    if (shadowRoot !== null && shadowRoot.querySelector("table") !== null)
      void drawing(import("./tables.ts")).then(({ dressTables }) => current && dressTables(shadowRoot, label), complain);
    if (shadowRoot !== null) keepReadable(html, shadowRoot, host.current);
    return () => {
      current = false;
      stop();
    };
  }, [html]);
  // biome-ignore lint/a11y/useSemanticElements: a set of form fields is not what this is
  return <div class="html" ref={host} role="group" aria-label={label} />;
}

/** Whether HTML is a table of pandas or polars of which rows or columns are left out. */
const isCut = (html: string): boolean =>
  html.includes('class="dataframe"') &&
  (/<p>\d+ rows × \d+ columns<\/p>/.test(html) || (html.includes("<small>shape: (") && html.includes("&hellip;")));

export function HtmlOut({ data, metadata, label }: Bundle) {
  const html = formText(data, "text/html");
  const active = useMemo(() => metadata.isolated === true || isActive(html), [html, metadata.isolated]);
  return (
    <>
      {active ? <FrameOut key={html} guest={{ type: "text/html", body: html }} /> : <PassiveOut html={html} label={label} />}
      {isCut(html) && <ShowAll html={html} />}
    </>
  );
}
