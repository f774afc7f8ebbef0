/** One MIME bundle in the best form that it has. What needs a library waits for it; the place is kept. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { figureOf } from "../model/figure_forms.ts";
import { best, type Shown as Form, formText, groundOf, imageSize, readable } from "../model/mime.ts";
import type { JsonMap } from "../rpc/schema.ts";
import { notebookFolder } from "../session/open_session.ts";
import { t } from "../text/en.ts";
import { size } from "../text/format.ts";
import { r } from "../text/rich.ts";
import { AnsiText } from "../ui/AnsiText.tsx";
import { drawing } from "../ui/drawing.ts";
import { Icon } from "../ui/icons.tsx";
import { LazyModule, lazily, useLazy } from "../ui/lazy.ts";
import { complain } from "../ui/notices.ts";
import { reachByKeys } from "../ui/scrolled_boxes.ts";
import { giveGround, keepReadable } from "./grounds.ts";
import { Tools } from "./OutputTools.tsx";
import type { Embedded } from "./user_links.ts";

export interface Bundle {
  readonly data: JsonMap;
  readonly metadata: JsonMap;
  readonly revision: number;
  readonly label: string;
  /** Whether it came from a run of this session, and not with the document. */
  readonly ran?: boolean;
}

function ImageOut({ type, data, metadata, label }: Bundle & { type: string }) {
  const [bad, setBad] = useState<string | null>(null);
  const text = formText(data, type);
  const source =
    type === "image/svg+xml"
      ? `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`
      : `data:${type};base64,${text.replace(/\s+/g, "")}`;
  if (bad === source) return <p class="quiet">{t.unreadable(t.image.toLowerCase())}</p>;
  const fill = (event: Event): void => {
    const box = event.currentTarget instanceof Element ? event.currentTarget.closest(".output") : null;
    void import("./copy_save.ts").then(({ fullScreen }) => box !== null && fullScreen(box));
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the menu of the output does the same by keyboard
    <img
      class={`image ${groundOf(metadata, type) ?? ""}`}
      src={source}
      alt={plainAlt(data, label)}
      onError={() => setBad(source)}
      onLoad={event => {
        if (!/jpeg/.test(type) && groundOf(metadata, type) === null) giveGround(event.currentTarget);
      }}
      onClick={fill}
      {...imageSize(metadata, type)}
    />
  );
}

/** Sound and film, with the browser's own buttons; nothing plays by itself. */
function MediaOut({ type, data, label }: Bundle & { type: string }) {
  const source = `data:${type};base64,${formText(data, type).replace(/\s+/g, "")}`;
  // biome-ignore lint/a11y/useMediaCaption: an output brings no captions
  if (type.startsWith("audio/")) return <audio class="media" controls src={source} aria-label={label} />;
  // biome-ignore lint/a11y/useMediaCaption: an output brings no captions
  return <video class="media" controls src={source} aria-label={label} />;
}

/** A document that the page does not open: what is in it could do more than an output may. */
function PdfOut({ data }: Bundle) {
  const bytes = Math.floor((formText(data, "application/pdf").replace(/\s+/g, "").length * 3) / 4);
  const save = (): void => {
    void import("./copy_save.ts").then(({ saveOutput }) => saveOutput({ "application/pdf": data["application/pdf"] ?? "" }, "document"));
  };
  return (
    <p class="wanted">
      <Icon name="file" />
      <span class="grow">{r.pdf(size(bytes))}</span>
      <button type="button" class="btn" onClick={save}>
        {t.download}
      </button>
    </p>
  );
}

/** The text form of a figure names its kind (`<Figure size 640x480 with 1 Axes>`). */
function plainAlt(data: JsonMap, label: string): string {
  const plain = formText(data, "text/plain").replace(/^<|>$/g, "");
  return plain !== "" && plain.length < 200 ? plain : label;
}

/** Shows what may not stand in the page itself; gives how it is taken out again. */
function embedding(): { embed(place: HTMLElement, what: Embedded): void; stop(): void } {
  const stops: (() => void)[] = [];
  let over = false;
  const embed = (place: HTMLElement, what: Embedded): void =>
    void drawing(import("./Embedded.tsx")).then(({ showEmbedded }) => {
      if (!over) stops.push(showEmbedded(place, what));
    });
  const stop = (): void => {
    over = true;
    for (const one of stops) one();
  };
  return { embed, stop };
}

const passive = new LazyModule(() => import("./passive.ts"));

/** HTML that does nothing, in a shadow root. */
function PassiveOut({ shown: { showPassive }, html, label }: { shown: typeof import("./passive.ts"); html: string; label: string }) {
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

function HtmlOut({ data, metadata, label }: Bundle) {
  const html = formText(data, "text/html");
  const shown = useLazy(passive, metadata.isolated !== true);
  const active = useMemo(() => metadata.isolated === true || shown?.isActive(html), [html, metadata.isolated, shown]);
  if (active === true) return <FrameOut key={html} guest={{ type: "text/html", body: html }} />;
  return shown === null ? <div class="html" /> : <PassiveOut shown={shown} html={html} label={label} />;
}

function MarkedOut({ data, type }: Bundle & { type: "text/markdown" | "text/latex" }) {
  const host = useRef<HTMLDivElement>(null);
  const source = formText(data, type);
  useEffect(() => {
    let current = true;
    const { embed, stop } = embedding();
    void drawing(import("./markdown.ts")).then(({ showLatex, showMarkdown }) => {
      if (!current || host.current === null) return;
      if (type === "text/latex") showLatex(source, host.current);
      else showMarkdown(source, host.current, { attachments: {}, folder: notebookFolder(), embed });
    });
    return () => {
      current = false;
      stop();
    };
  }, [source, type]);
  return <div class={type === "text/latex" ? "md latex" : "md"} ref={host} />;
}

const FrameOut = lazily(async () => (await import("./FrameOut.tsx")).FrameOut);
const ShowAll = lazily(async () => (await import("./ShowAll.tsx")).ShowAll);
const JsonView = lazily(async () => (await import("./JsonView.tsx")).JsonView);
const Figure = lazily(async () => (await import("./Figure.tsx")).Figure);
const Widget = lazily(async () => (await import("./widgets/Widget.tsx")).Widget);

/** A form that only other programs draw: data and text can be read all the same. */
function OtherOut({ data, revision }: Bundle) {
  const type = readable(data);
  if (type === null) return <p class="quiet">{t.noView(Object.keys(data).join(", "))}</p>;
  if (type.startsWith("text/")) return <AnsiText text={formText(data, type)} />;
  return <JsonView key={revision} value={data[type] ?? null} />;
}

function Shown({ bundle, type }: { bundle: Bundle; type: Form | null }) {
  const figure = figureOf(bundle.data);
  if (figure?.kind === "widget") return <Widget data={bundle.data} ran={bundle.ran === true} />;
  if (figure !== null) return <Figure figure={figure} data={bundle.data} revision={bundle.revision} />;
  switch (type) {
    case "application/javascript":
      return <FrameOut key={bundle.revision} guest={{ type, body: formText(bundle.data, type) }} />;
    case "text/html":
      return <HtmlOut {...bundle} />;
    case "text/markdown":
    case "text/latex":
      return <MarkedOut {...bundle} type={type} />;
    case "application/json":
    case "application/geo+json":
      return <JsonView key={bundle.revision} value={bundle.data[type] ?? null} />;
    case "application/pdf":
      return <PdfOut {...bundle} />;
    case "text/plain":
      return <AnsiText text={formText(bundle.data, type)} />;
    case null:
      return <OtherOut {...bundle} />;
    default:
      if (!type.startsWith("image/")) return <MediaOut {...bundle} type={type} />;
      return <ImageOut {...bundle} type={type} />;
  }
}

/** Whether HTML is a table of pandas or polars of which rows or columns are left out. */
const isCut = (html: string): boolean =>
  html.includes('class="dataframe"') &&
  (/<p>\d+ rows × \d+ columns<\/p>/.test(html) || (html.includes("<small>shape: (") && html.includes("&hellip;")));

export function RichView(bundle: Bundle) {
  const type = best(bundle.data);
  const figure = figureOf(bundle.data);
  if (figure?.kind === "bokeh-load" || Object.keys(bundle.data).length === 0) return null; // each figure brings it along
  const picture = figure === null && type !== null && type.startsWith("image/");
  const html = figure === null && type === "text/html" ? formText(bundle.data, type) : null;
  return (
    <Tools label={bundle.label} content={bundle.data} kind={picture ? r.image : r.file} isTable={html !== null}>
      <Shown bundle={bundle} type={type} />
      {html !== null && isCut(html) && <ShowAll html={html} />}
    </Tools>
  );
}

type Markdown = typeof import("./markdown.ts");
let markdown: Markdown | null = null;

/** A text cell as it reads. */
export function MarkdownView({ source, attachments, folder }: { source: string; attachments: JsonMap; folder: string }) {
  const host = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const into = host.current;
    if (into === null) return;
    const { embed, stop } = embedding();
    if (markdown !== null) {
      markdown.showMarkdown(source, into, { attachments, folder, embed });
      return stop;
    }
    let current = true;
    void drawing(import("./markdown.ts")).then(loaded => {
      markdown = loaded;
      if (current) loaded.showMarkdown(source, into, { attachments, folder, embed });
    });
    return () => {
      current = false;
      stop();
    };
  }, [source, attachments, folder]);
  return <div class="md" ref={host} />;
}
