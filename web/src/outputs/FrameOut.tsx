/** Active output: a sealed frame, made when it comes near the screen. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { FromModels } from "../frame/protocol.ts";
import { size } from "../text/format.ts";
import { r } from "../text/rich.ts";
import { Icon } from "../ui/icons.tsx";
import { isDark, theme } from "../ui/settings.ts";
import { allowedHosts, allowHosts, forbidHost } from "./allowed_hosts.ts";
import { savedName, saveFile } from "./copy_save.ts";
import { library } from "./frame_libraries.ts";
import { type FrameTrouble, type Guest, SealedFrame } from "./sealed_frame.ts";

const NEAR = "800px";
/** An output that asks for more servers than this is not asked about all of them. */
const MOST_HOSTS = 6;

/** The models that a frame of widgets shows. */
export interface Models {
  /** Handles a message of a frame. */
  receive(message: FromModels, frame: SealedFrame): void;
  leave(frame: SealedFrame): void;
}

function Trouble({ text, title, act }: { text: string; title: string; act(): void }) {
  return (
    <div class="banner warn" role="status">
      <Icon name="lock" />
      <div class="banner-text">
        <p>{text}</p>
      </div>
      <button type="button" class="btn" onClick={act}>
        {title}
      </button>
    </div>
  );
}

/** What an output wants to load from elsewhere, and the button that lets it. */
function Wanted({ hosts }: { hosts: readonly string[] }) {
  return (
    <div class="wanted" role="status">
      <Icon name="lock" />
      <p>
        <b>{r.wants(hosts)}</b> {r.wantsBody}
      </p>
      <button type="button" class="btn" onClick={() => allowHosts(hosts)}>
        {r.allow}
      </button>
    </div>
  );
}

interface Offered {
  readonly name: string;
  readonly content: Blob;
}

/** A file that an output would save, and the button that saves it. */
function Offer({ file: { name, content }, end }: { file: Offered; end(): void }) {
  const save = (): void => {
    saveFile({ name, type: "application/octet-stream", content });
    end();
  };
  return (
    <div class="wanted" role="status">
      <Icon name="download" />
      <p>
        <b>{r.offers(name)}</b> {size(content.size)}
      </p>
      <button type="button" class="btn" onClick={save}>
        {r.saveOffered}
      </button>
      <button type="button" class="btn" onClick={end}>
        {r.dismiss}
      </button>
    </div>
  );
}

export function FrameOut({ guest, models }: { guest: Guest; models?: Models }) {
  const host = useRef<HTMLDivElement>(null);
  const frame = useRef<SealedFrame | null>(null);
  const [trouble, setTrouble] = useState<FrameTrouble | null>(null);
  const [wanted, setWanted] = useState<readonly string[]>([]);
  const [offered, setOffered] = useState<Offered | null>(null);
  const chosen = theme.value;
  const open = allowedHosts.value.filter(one => wanted.includes(one));
  const refused = wanted.filter(one => !open.includes(one));
  const hosts = open.join(" ");
  useEffect(() => {
    const place = host.current;
    if (place === null || trouble !== null) return;
    const watch = {
      isDark,
      library,
      failed: setTrouble,
      blocked: (name: string) => setWanted(known => (known.includes(name) || known.length >= MOST_HOSTS ? known : [...known, name])),
      file: (name: string, content: Blob) => setOffered({ name: savedName(name), content }),
      ...(models === undefined
        ? {}
        : { models: (message: FromModels) => frame.current !== null && models.receive(message, frame.current) }),
    };
    const near = new IntersectionObserver(
      entries => {
        if (!entries.some(entry => entry.isIntersecting)) return;
        near.disconnect();
        frame.current = new SealedFrame(guest, r.sealed, hosts === "" ? [] : hosts.split(" "), watch);
        place.append(frame.current.element);
      },
      { rootMargin: NEAR },
    );
    near.observe(place);
    return () => {
      near.disconnect();
      if (frame.current !== null) models?.leave(frame.current);
      frame.current?.destroy();
      frame.current = null;
    };
  }, [guest.body, guest.type, trouble, hosts, models]);
  useEffect(() => frame.current?.themed(), [chosen]);
  if (trouble !== null) return <Trouble text={r[trouble]} title={r.showAgain} act={() => setTrouble(null)} />;
  return (
    <>
      <div class="frame-host" ref={host} title={r.sealedNote} />
      {offered !== null && <Offer file={offered} end={() => setOffered(null)} />}
      {refused.length > 0 && <Wanted hosts={refused} />}
      {open.map(name => (
        <p key={name} class="allowed">
          {r.allowedHost(name)}
          <button type="button" class="link" onClick={() => forbidHost(name)}>
            {r.forbid}
          </button>
        </p>
      ))}
    </>
  );
}
