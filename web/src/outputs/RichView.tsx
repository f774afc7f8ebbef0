/** One MIME bundle in the best form that it has. What needs a library waits for it; the place is kept. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { figureOf } from "../model/figure_forms.ts";
import { best, type Shown as Form, formText, groundOf, imageSize } from "../model/mime.ts";
import type { JsonMap } from "../rpc/schema.ts";
import { notebookFolder } from "../session/open_session.ts";
import { t } from "../text/en.ts";
import { AnsiText } from "../ui/AnsiText.tsx";
import { drawing } from "../ui/drawing.ts";
import { forActs, LazyModule, lazily, useLazy } from "../ui/lazy.ts";
import type { Bundle } from "./bundle.ts";
import { embedding } from "./embedding.ts";
import { giveGround } from "./grounds.ts";
import { Tools } from "./OutputTools.tsx";

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

/** The text form of a figure names its kind (`<Figure size 640x480 with 1 Axes>`). */
function plainAlt(data: JsonMap, label: string): string {
  const plain = formText(data, "text/plain").replace(/^<|>$/g, "");
  return plain !== "" && plain.length < 200 ? plain : label;
}

const htmlViews = new LazyModule(() => import("./HtmlOut.tsx"));

function HtmlOut(bundle: Bundle) {
  const views = useLazy(htmlViews);
  return views === null ? <div class="html" /> : <views.HtmlOut {...bundle} />;
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
const JsonView = lazily(async () => (await import("./JsonView.tsx")).JsonView);
const Figure = lazily(async () => (await import("./Figure.tsx")).Figure);
const Widget = lazily(async () => (await import("./widgets/Widget.tsx")).Widget);

const otherForms = forActs(() => import("./OtherForms.tsx"));

/** A form that few outputs have. */
function OtherForm({ bundle, type }: { bundle: Bundle; type: Form | null }) {
  const views = useLazy(otherForms);
  return views === null ? null : <views.OtherForm {...bundle} type={type} />;
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
    case "text/plain":
      return <AnsiText text={formText(bundle.data, type)} />;
    default:
      if (type === null || !type.startsWith("image/")) return <OtherForm bundle={bundle} type={type} />;
      return <ImageOut {...bundle} type={type} />;
  }
}

export function RichView(bundle: Bundle) {
  const type = best(bundle.data);
  const figure = figureOf(bundle.data);
  if (figure?.kind === "bokeh-load" || Object.keys(bundle.data).length === 0) return null; // each figure brings it along
  const picture = figure === null && type !== null && type.startsWith("image/");
  const html = figure === null && type === "text/html" ? formText(bundle.data, type) : null;
  return (
    <Tools label={bundle.label} content={bundle.data} kind={picture ? t.asImage : t.asFile} isTable={html !== null}>
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
