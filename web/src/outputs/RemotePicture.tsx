/**
 * A picture of a text that lies on another server. The page loads nothing from there: whoever keeps the server would learn who reads the text,
 * and when. Asked for, it is shown in a sealed frame that may load from that server, and that holds nothing but the picture.
 */
import { signal } from "@preact/signals";
import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { HOST } from "../frame/protocol.ts";
import { r } from "../text/rich.ts";
import { Icon } from "../ui/icons.tsx";
import { isDark, remotePictures } from "../ui/settings.ts";
import type { Picture } from "./markdown.ts";
import { SealedFrame } from "./sealed_frame.ts";

/** The servers whose pictures were asked for since the page was opened. */
const shownHosts = signal<ReadonlySet<string>>(new Set());

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");

function Frame({ picture, host, failed }: { picture: Picture; host: string; failed(): void }) {
  const place = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const body = `<img src="${escaped(picture.address)}" alt="${escaped(picture.alt)}" style="max-width: 100%" referrerpolicy="no-referrer">`;
    const watch = { isDark, library: () => Promise.resolve(null), failed, blocked: () => {}, file: () => {} };
    const frame = new SealedFrame({ type: "text/html", body }, picture.alt || r.remotePicture, [host], watch);
    place.current?.append(frame.element);
    return () => frame.destroy();
  }, [picture.address]);
  return <span class="remote-frame" ref={place} />;
}

function RemotePicture({ picture }: { picture: Picture }) {
  const [failed, fail] = useState(false);
  const { host, protocol } = new URL(picture.address);
  const can = protocol === "https:" && HOST.test(host) && remotePictures.value !== "block";
  if (can && !failed && (remotePictures.value === "allow" || shownHosts.value.has(host)))
    return <Frame picture={picture} host={host} failed={() => fail(true)} />;
  const show = (): void => {
    fail(false);
    shownHosts.value = new Set([...shownHosts.value, host]);
  };
  return (
    <span class="remote-picture">
      <Icon name="picture" />
      <span>{failed ? r.silent : r.remoteFrom(picture.alt, host)}</span>
      {can && (
        <button type="button" class="link" title={r.remoteNote(host)} onClick={show}>
          {r.remoteShow}
        </button>
      )}
      <a href={picture.address} target="_blank" rel="noopener noreferrer">
        {r.remoteOpen}
      </a>
    </span>
  );
}

/** Puts a picture into its place; the function that it returns takes it out. */
export function showPicture(place: HTMLElement, picture: Picture): () => void {
  render(<RemotePicture picture={picture} />, place);
  return () => render(null, place);
}
