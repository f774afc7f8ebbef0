/** Pictures, sound, film and documents: what the browser shows of a file by itself. */
import { useEffect, useRef, useState } from "preact/hooks";
import { nameOf } from "../model/paths.ts";
import { ask, save as download, fileAddress, refusalOf, ticketed } from "../rpc/http.ts";
import { size } from "../text/format.ts";
import { x } from "../text/textfile.ts";
import { Icon } from "../ui/icons.tsx";
import { complain } from "../ui/notices.ts";
import { Problem } from "./TextNotes.tsx";

const TYPES: Readonly<Record<string, string>> = {
  svg: "image/svg+xml",
  jpg: "image/jpeg",
  ico: "image/x-icon",
};
const STEP = 1.25;

const typeOf = (name: string): string => {
  const ending = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  return TYPES[ending] ?? `image/${ending}`;
};

/** The bytes of a file as an address for this page; what went wrong instead. */
function useBytes(path: string): { readonly address: string | null; readonly bytes: number; readonly problem: string | null } {
  const [found, set] = useState<ReturnType<typeof useBytes>>({ address: null, bytes: 0, problem: null });
  useEffect(() => {
    let address: string | null = null;
    let over = false;
    const fetchIt = async (): Promise<void> => {
      const answer = await ask(fileAddress(path), { cache: "no-store" });
      if (!answer.ok) return set({ address: null, bytes: 0, problem: await refusalOf(answer) });
      const blob = new Blob([await answer.arrayBuffer()], { type: typeOf(path) });
      if (over) return;
      address = URL.createObjectURL(blob);
      set({ address, bytes: blob.size, problem: null });
    };
    fetchIt().catch(complain);
    return () => {
      over = true;
      if (address !== null) URL.revokeObjectURL(address);
    };
  }, [path]);
  return found;
}

/** A picture: as large as fits, as large as it is, or by steps. */
export function PictureView({ path }: { path: string }) {
  const { address, bytes, problem } = useBytes(path);
  const [bad, setBad] = useState(false);
  const [natural, setNatural] = useState<readonly [number, number] | null>(null);
  const [zoom, setZoom] = useState<number | null>(null);
  const image = useRef<HTMLImageElement>(null);
  const now = (): number => zoom ?? (image.current === null || natural === null ? 1 : image.current.clientWidth / Math.max(1, natural[0]));
  if (problem !== null || bad) return <Problem path={path} problem={problem ?? x.noPicture} />;
  return (
    <div class="picture-view">
      <div class="picture-bar">
        <button type="button" class="btn" aria-pressed={zoom === null} onClick={() => setZoom(null)}>
          {x.fit}
        </button>
        <button type="button" class="btn" aria-pressed={zoom === 1} onClick={() => setZoom(1)}>
          {x.actualSize}
        </button>
        <button type="button" class="btn icon" aria-label={x.smaller} title={x.smaller} onClick={() => setZoom(now() / STEP)}>
          −
        </button>
        <button type="button" class="btn icon" aria-label={x.larger} title={x.larger} onClick={() => setZoom(now() * STEP)}>
          +
        </button>
        <span class="quiet" role="status">
          {natural !== null && `${x.pixels(...natural)}, ${size(bytes)}`}
          {zoom !== null && `, ${Math.round(100 * zoom)} %`}
        </span>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class={zoom === null ? "picture-box fit" : "picture-box"} tabIndex={0} aria-label={nameOf(path)}>
        {address !== null && (
          <img
            ref={image}
            src={address}
            alt={nameOf(path)}
            onError={() => setBad(true)}
            onLoad={event => setNatural([event.currentTarget.naturalWidth, event.currentTarget.naturalHeight])}
            {...(zoom === null || natural === null ? {} : { width: Math.round(natural[0] * zoom), height: Math.round(natural[1] * zoom) })}
          />
        )}
      </section>
    </div>
  );
}

/** Sound or film, with the browser's own buttons; the server sends the parts that are played. */
export function MediaView({ path }: { path: string }) {
  const [address, set] = useState<string | null>(null);
  useEffect(() => void ticketed(fileAddress(path)).then(set, complain), [path]);
  const isSound = /\.(mp3|wav|ogg|oga|opus|m4a|aac|flac)$/i.test(path);
  const shared = { class: "media", controls: true, src: address ?? undefined, "aria-label": x.played(nameOf(path)) } as const;
  return <div class="media-view">{isSound ? <audio {...shared} /> : <video {...shared} />}</div>;
}

/** A document that another program opens. */
export function DocumentView({ path }: { path: string }) {
  return (
    <div class="media-view">
      <p class="quiet">{x.pdf}</p>
      <button type="button" class="btn main" onClick={() => void download(fileAddress(path), nameOf(path)).catch(complain)}>
        <Icon name="download" />
        {x.download}
      </button>
    </div>
  );
}
