/** One MIME bundle in the best form that it has. What needs a library waits for it; the place is kept. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { figureOf } from "../model/figure_forms.ts";
import { best, type Shown as Form, formText, imageSize } from "../model/mime.ts";
import type { JsonMap } from "../rpc/schema.ts";
import { t } from "../text/en.ts";
import { size } from "../text/format.ts";
import { r } from "../text/rich.ts";
import { AnsiText } from "../ui/AnsiText.tsx";
import { Icon } from "../ui/icons.tsx";
import { lazily } from "../ui/lazy.ts";
import type { Picture } from "./markdown.ts";
import { Tools } from "./OutputTools.tsx";

export interface Bundle {
  readonly data: JsonMap;
  readonly metadata: JsonMap;
  readonly revision: number;
  readonly label: string;
}

function ImageOut({ type, data, metadata, label }: Bundle & { type: string }) {
  const [bad, setBad] = useState(false);
  const text = formText(data, type);
  const source =
    type === "image/svg+xml"
      ? `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`
      : `data:${type};base64,${text.replace(/\s+/g, "")}`;
  useEffect(() => setBad(false), [source]);
  if (bad) return <p class="quiet">{t.unreadable(t.image.toLowerCase())}</p>;
  const fill = (event: Event): void => {
    const box = event.currentTarget instanceof Element ? event.currentTarget.closest(".output") : null;
    void import("./copy_save.ts").then(({ fullScreen }) => box !== null && fullScreen(box));
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the menu of the output does the same by keyboard
    <img
      class="image"
      src={source}
      alt={plainAlt(data, label)}
      onError={() => setBad(true)}
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

function HtmlOut({ data, metadata, label }: Bundle) {
  const host = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState<boolean | null>(metadata.isolated === true ? true : null);
  const html = formText(data, "text/html");
  useEffect(() => {
    if (metadata.isolated === true) return;
    let current = true;
    void import("./passive.ts").then(({ isActive, showHtml, outputSheet }) => {
      if (!current) return;
      const runs = isActive(html);
      setActive(runs);
      if (runs || host.current === null) return;
      showHtml(html, host.current, outputSheet());
      const { shadowRoot } = host.current;
      if (shadowRoot?.querySelector("table") != null)
        void import("./tables.ts").then(({ dressTables }) => current && dressTables(shadowRoot, label));
    });
    return () => {
      current = false;
    };
  }, [html]);
  if (active === true) return <FrameOut key={html} guest={{ type: "text/html", body: html }} />;
  // biome-ignore lint/a11y/useSemanticElements: a set of form fields is not what this is
  return <div class="html" ref={host} role="group" aria-label={label} />;
}

/** Shows the pictures of other servers in a text; gives how they are taken out again. */
function remoteIn(): { remote(place: HTMLElement, picture: Picture): void; stop(): void } {
  const stops: (() => void)[] = [];
  let over = false;
  const remote = (place: HTMLElement, picture: Picture): void =>
    void import("./RemotePicture.tsx").then(({ showPicture }) => {
      if (!over) stops.push(showPicture(place, picture));
    });
  const stop = (): void => {
    over = true;
    for (const one of stops) one();
  };
  return { remote, stop };
}

function MarkedOut({ data, type }: Bundle & { type: "text/markdown" | "text/latex" }) {
  const host = useRef<HTMLDivElement>(null);
  const source = formText(data, type);
  useEffect(() => {
    let current = true;
    const pictures = remoteIn();
    void import("./markdown.ts").then(({ showLatex, showMarkdown }) => {
      if (!current || host.current === null) return;
      if (type === "text/latex") showLatex(source, host.current);
      else showMarkdown(source, host.current, { attachments: {}, folder: "", remote: pictures.remote });
    });
    return () => {
      current = false;
      pictures.stop();
    };
  }, [source, type]);
  return <div class={type === "text/latex" ? "md latex" : "md"} ref={host} />;
}

const FrameOut = lazily(async () => (await import("./FrameOut.tsx")).FrameOut);
const JsonView = lazily(async () => (await import("./JsonView.tsx")).JsonView);
const Figure = lazily(async () => (await import("./Figure.tsx")).Figure);
const Widget = lazily(async () => (await import("./widgets/Widget.tsx")).Widget);

function Shown({ bundle, type }: { bundle: Bundle; type: Form | null }) {
  const figure = figureOf(bundle.data);
  if (figure?.kind === "widget") return <Widget data={bundle.data} />;
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
      return <JsonView key={bundle.revision} value={bundle.data[type] ?? null} />;
    case "application/pdf":
      return <PdfOut {...bundle} />;
    case "text/plain":
      return <AnsiText text={formText(bundle.data, type)} />;
    case null:
      return <p class="quiet">{t.noView(Object.keys(bundle.data).join(", "))}</p>;
    default:
      if (!type.startsWith("image/")) return <MediaOut {...bundle} type={type} />;
      return <ImageOut {...bundle} type={type} />;
  }
}

export function RichView(bundle: Bundle) {
  const type = best(bundle.data);
  const figure = figureOf(bundle.data);
  if (figure?.kind === "bokeh-load") return null; // each figure brings it along
  const picture = figure === null && type !== null && type.startsWith("image/");
  return (
    <Tools label={bundle.label} content={bundle.data} kind={picture ? r.image : r.file} isTable={figure === null && type === "text/html"}>
      <Shown bundle={bundle} type={type} />
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
    const { remote, stop } = remoteIn();
    if (markdown !== null) {
      markdown.showMarkdown(source, into, { attachments, folder, remote });
      return stop;
    }
    let current = true;
    void import("./markdown.ts").then(loaded => {
      markdown = loaded;
      if (current) loaded.showMarkdown(source, into, { attachments, folder, remote });
    });
    return () => {
      current = false;
      stop();
    };
  }, [source, attachments, folder]);
  return <div class="md" ref={host} />;
}
