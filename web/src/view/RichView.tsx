/** One MIME bundle in the best form that it has. What needs a library waits for it; the place is kept. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Json, JsonMap } from "../api/schema.ts";
import { best, formText, imageSize } from "../render/mime.ts";
import { t } from "../text/en.ts";
import { AnsiText } from "./AnsiText.tsx";
import { FrameOut } from "./FrameOut.tsx";

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
  return <img class="image" src={source} alt={plainAlt(data, label)} onError={() => setBad(true)} {...imageSize(metadata, type)} />;
}

/** The text form of a figure says what it is (`<Figure size 640x480 with 1 Axes>`). */
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
    void import("../render/passive.ts").then(({ isActive, showHtml, outputSheet }) => {
      if (!current) return;
      const runs = isActive(html);
      setActive(runs);
      if (!runs && host.current !== null) showHtml(html, host.current, outputSheet());
    });
    return () => {
      current = false;
    };
  }, [html]);
  if (active === true) return <FrameOut key={html} guest={{ type: "text/html", body: html }} />;
  // biome-ignore lint/a11y/useSemanticElements: a set of form fields is not what this is
  return <div class="html" ref={host} role="group" aria-label={label} />;
}

function MarkedOut({ data, type }: Bundle & { type: "text/markdown" | "text/latex" }) {
  const host = useRef<HTMLDivElement>(null);
  const source = formText(data, type);
  useEffect(() => {
    let current = true;
    void import("../render/markdown.ts").then(({ showLatex, showMarkdown }) => {
      if (!current || host.current === null) return;
      if (type === "text/latex") showLatex(source, host.current);
      else showMarkdown(source, host.current);
    });
    return () => {
      current = false;
    };
  }, [source, type]);
  return <div class={type === "text/latex" ? "md latex" : "md"} ref={host} />;
}

const MOST_ITEMS = 100;

/** A JSON value as a tree; branches are made when they are opened. */
function JsonTree({ value, name, depth }: { value: Json; name: string | null; depth: number }) {
  const [open, setOpen] = useState(depth < 1);
  const [most, setMost] = useState(MOST_ITEMS);
  const head = name === null ? null : <span class="json-name">{name}: </span>;
  if (typeof value !== "object" || value === null)
    return (
      <div class="json-leaf">
        {head}
        <span class={typeof value === "string" ? "s" : "n"}>{JSON.stringify(value)}</span>
      </div>
    );
  const entries = Array.isArray(value) ? value.map((one, at) => [String(at), one] as const) : Object.entries(value);
  return (
    <details class="json" open={open} onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>
        {head}
        <span class="sub">
          {Array.isArray(value) ? "[…]" : "{…}"} {t.items(entries.length)}
        </span>
      </summary>
      {open && entries.slice(0, most).map(([key, one]) => <JsonTree key={key} name={key} value={one} depth={depth + 1} />)}
      {open && entries.length > most && (
        <button type="button" class="btn" onClick={() => setMost(most + 10 * MOST_ITEMS)}>
          {t.showOutputs(entries.length - most)}
        </button>
      )}
    </details>
  );
}

export function RichView(bundle: Bundle) {
  const type = best(bundle.data);
  switch (type) {
    case "application/javascript":
      return <FrameOut key={bundle.revision} guest={{ type, body: formText(bundle.data, type) }} />;
    case "text/html":
      return <HtmlOut {...bundle} />;
    case "text/markdown":
    case "text/latex":
      return <MarkedOut {...bundle} type={type} />;
    case "application/json":
      return <JsonTree value={bundle.data[type] ?? null} name={null} depth={0} />;
    case "text/plain":
      return <AnsiText text={formText(bundle.data, type)} />;
    case null:
      return <p class="quiet">{t.noView(Object.keys(bundle.data).join(", "))}</p>;
    default:
      return <ImageOut {...bundle} type={type} />;
  }
}

type Markdown = typeof import("../render/markdown.ts");
let markdown: Markdown | null = null;

/** A text cell as it reads. */
export function MarkdownView({ source }: { source: string }) {
  const host = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const into = host.current;
    if (into === null) return;
    if (markdown !== null) {
      markdown.showMarkdown(source, into);
      return;
    }
    let current = true;
    void import("../render/markdown.ts").then(loaded => {
      markdown = loaded;
      if (current) loaded.showMarkdown(source, into);
    });
    return () => {
      current = false;
    };
  }, [source]);
  return <div class="md" ref={host} />;
}
