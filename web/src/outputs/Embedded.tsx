/**
 * What a text or an output shows and what may not stand in the page itself.
 *
 * A picture, sound or film of another server: the page loads nothing from there, since whoever keeps the server would learn who reads the text,
 * and when. Asked for, it is shown in a sealed frame that may load from that server, and that holds nothing else. Pages, frames and diagrams stand in
 * sealed frames from the start.
 */

import { signal } from "@preact/signals";
import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { HOST } from "../frame/protocol.ts";
import { folderOf } from "../model/paths.ts";
import { inside } from "../rpc/base_url.ts";
import { ask, fileAddress } from "../rpc/http.ts";
import { r } from "../text/rich.ts";
import { drawing } from "../ui/drawing.ts";
import { Icon } from "../ui/icons.tsx";
import { isDark, remotePictures } from "../ui/settings.ts";
import { AllowedHosts, Asked, useAllowed } from "./FrameAsks.tsx";
import { FrameOut } from "./FrameOut.tsx";
import { SealedFrame } from "./sealed_frame.ts";
import type { Embedded, Size } from "./user_links.ts";

type Remote = Extract<Embedded, { kind: "picture" | "audio" | "video" }>;

/** The servers whose pictures were asked for since the page was opened. */
const shownHosts = signal<ReadonlySet<string>>(new Set());

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");

function bodyOf({ kind, address, alt }: Remote): string {
  const source = `src="${escaped(address)}" style="max-width: 100%" referrerpolicy="no-referrer"`;
  return kind === "picture" ? `<img alt="${escaped(alt)}" ${source}>` : `<${kind} controls ${source}></${kind}>`;
}

function Frame({ remote, host, failed }: { remote: Remote; host: string; failed(): void }) {
  const place = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const nothing = { content: null, library: null };
    const watch = {
      isDark,
      library: () => Promise.resolve(null),
      need: () => Promise.resolve(nothing),
      failed,
      blocked: () => {},
      file: () => {},
      link: () => {},
    };
    const frame = new SealedFrame({ type: "text/html", body: bodyOf(remote) }, remote.alt || r.remote[remote.kind], [host], watch);
    place.current?.append(frame.element);
    return () => frame.destroy();
  }, [remote.address]);
  return <span class="remote-frame" ref={place} />;
}

function RemoteView({ remote }: { remote: Remote }) {
  const [failed, fail] = useState(false);
  const { host, protocol } = new URL(remote.address);
  const can = protocol === "https:" && HOST.test(host) && remotePictures.value !== "block";
  if (can && !failed && (remotePictures.value === "allow" || shownHosts.value.has(host)))
    return <Frame remote={remote} host={host} failed={() => fail(true)} />;
  const show = (): void => {
    fail(false);
    shownHosts.value = new Set([...shownHosts.value, host]);
  };
  return (
    <span class="remote-picture">
      <Icon name="picture" />
      <span>{failed ? r.silent : r.remoteFrom(remote.kind, remote.alt, host)}</span>
      {can && (
        <button type="button" class="link" title={r.remoteNote(host)} onClick={show}>
          {r.remoteShow}
        </button>
      )}
      <a href={remote.address} target="_blank" rel="noopener noreferrer">
        {r.remoteOpen}
      </a>
    </span>
  );
}

/** A page that lies beside the notebook, sealed as any output: what is in it could do more than a text may. */
function LocalPage({ path, size }: { path: string; size: Size }) {
  const [text, setText] = useState<string | null>(null);
  const [missing, setMissing] = useState(false);
  useEffect(() => {
    drawing(ask(fileAddress(path)))
      .then(async response => (response.ok ? setText(await response.text()) : setMissing(true)))
      .catch(() => setMissing(true));
  }, [path]);
  if (missing) return <span class="quiet">{r.noPage(path)}</span>;
  return text === null ? null : (
    <FrameOut guest={{ type: "document", body: text, folder: folderOf(path), width: pixels(size.width), height: pixels(size.height) }} />
  );
}

/** A size in pixels as a style; shares of what is there are left to the page. */
const pixels = (size: string | null): string =>
  size !== null && /^\d+(?:\.\d+)?(?:px)?$/.test(size) ? `${Number.parseFloat(size)}px` : "";

/** A page of another server, when a person allows that. It has an origin of its own; the document that it stands in runs nothing (`/frame?page=`). */
function Site({ address, size }: { address: string; size: Size }) {
  const { host } = new URL(address);
  const { open, allow, forbid } = useAllowed([host]);
  const frame = useRef<HTMLIFrameElement>(null);
  const shown = open.length > 0;
  useEffect(() => {
    if (frame.current === null) return;
    frame.current.style.width = pixels(size.width) || "100%";
    frame.current.style.height = pixels(size.height) || "300px";
  }, [shown]);
  if (!shown)
    return (
      <Asked text={r.shows(host)} note={r.showsBody} allow={span => allow([host], span)}>
        <a class="btn" href={address} target="_blank" rel="noopener noreferrer">
          {r.remoteOpen}
        </a>
      </Asked>
    );
  return (
    <>
      <iframe
        class="site"
        ref={frame}
        title={r.site(host)}
        src={inside(`/frame?page=${encodeURIComponent(address)}`)}
        sandbox="allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox allow-presentation"
        allow="fullscreen; encrypted-media; picture-in-picture; clipboard-write"
      />
      <AllowedHosts hosts={open} forbid={forbid} />
    </>
  );
}

function View({ what }: { what: Embedded }) {
  if (what.kind === "page") return <LocalPage path={what.path} size={what.size} />;
  if (what.kind === "site") return <Site address={what.address} size={what.size} />;
  if (what.kind === "frame") return <FrameOut guest={{ type: "text/html", body: what.markup }} />;
  if (what.kind === "diagram") return <FrameOut guest={{ type: "mermaid", body: what.source }} />;
  return <RemoteView remote={what} />;
}

/** Shows something in its place; the function that it returns takes it out. */
export function showEmbedded(place: HTMLElement, what: Embedded): () => void {
  render(<View what={what} />, place);
  return () => render(null, place);
}
