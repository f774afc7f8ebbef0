/** Forms that few outputs have: sound, film, documents, and what only other programs draw. */
import { formText, readable } from "../model/mime.ts";
import { t } from "../text/en.ts";
import { size } from "../text/format.ts";
import { AnsiText } from "../ui/AnsiText.tsx";
import { Icon } from "../ui/icons.tsx";
import { lazily } from "../ui/lazy.ts";
import type { Bundle } from "./bundle.ts";

const JsonView = lazily(async () => (await import("./JsonView.tsx")).JsonView);

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
      <span class="grow">{t.pdf(size(bytes))}</span>
      <button type="button" class="btn" onClick={save}>
        {t.download}
      </button>
    </p>
  );
}

/** A form that only other programs draw: data and text can be read all the same. */
function OtherOut({ data, revision }: Bundle) {
  const type = readable(data);
  if (type === null) return <p class="quiet">{t.noView(Object.keys(data).join(", "))}</p>;
  if (type.startsWith("text/")) return <AnsiText text={formText(data, type)} />;
  return <JsonView key={revision} value={data[type] ?? null} />;
}

export function OtherForm({ type, ...bundle }: Bundle & { type: string | null }) {
  if (type === "application/pdf") return <PdfOut {...bundle} />;
  return type === null ? <OtherOut {...bundle} /> : <MediaOut {...bundle} type={type} />;
}
