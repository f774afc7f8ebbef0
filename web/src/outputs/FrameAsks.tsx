/** What a page asks and says under a sealed frame. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { size } from "../text/format.ts";
import { r } from "../text/rich.ts";
import { Icon } from "../ui/icons.tsx";
import { allowHosts, forbidHere, hostsHere, SPANS, type Span } from "./allowed_hosts.ts";
import { saveFile } from "./copy_save.ts";
import { type Destination, follow } from "./frame_links.ts";

export function Trouble({ text, title, act }: { text: string; title: string; act(): void }) {
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

/** A question about other servers, and the button that allows them: once, in this notebook, or always. */
export function Asked(props: { text: string; note: string; allow(span: Span): void; children?: ComponentChildren }) {
  const [span, setSpan] = useState<Span>("notebook");
  return (
    <div class="wanted" role="status">
      <Icon name="lock" />
      <p>
        <b>{props.text}</b> <span class="note">{props.note}</span>
      </p>
      <span class="wanted-acts">
        <select class="input" aria-label={r.howLong} value={span} onChange={event => setSpan(event.currentTarget.value as Span)}>
          {SPANS.map(one => (
            <option key={one} value={one}>
              {r.spans[one]}
            </option>
          ))}
        </select>
        <button type="button" class="btn" onClick={() => props.allow(span)}>
          {r.allow}
        </button>
        {props.children}
      </span>
    </div>
  );
}

/** The servers that an output loads from, each with what takes that back. */
export function AllowedHosts({ hosts, forbid }: { hosts: readonly string[]; forbid(host: string): void }) {
  return hosts.map(name => (
    <p key={name} class="allowed">
      {r.allowedHost(name)}
      <button type="button" class="link" onClick={() => forbid(name)}>
        {r.forbid}
      </button>
    </p>
  ));
}

/** Which of the servers that an output wants it may load from, and how that changes. */
export function useAllowed(wanted: readonly string[]) {
  const [once, setOnce] = useState<readonly string[]>([]);
  const allowed = [...hostsHere(), ...once];
  const open = [...new Set(allowed.filter(one => wanted.includes(one)))].sort();
  const allow = (hosts: readonly string[], span: Span): void => {
    if (span === "once") setOnce([...once, ...hosts]);
    else allowHosts(hosts, span);
  };
  const forbid = (host: string): void => {
    setOnce(once.filter(one => one !== host));
    forbidHere(host);
  };
  return { open, refused: wanted.filter(one => !open.includes(one)), allow, forbid };
}

/** The files that an output has read, or would read while it may load from servers, which is asked about: it could send them there. */
export function useFiles() {
  const [read, setRead] = useState<readonly string[]>([]);
  const [held, setHeld] = useState<readonly string[]>([]);
  const [allowed, setAllowed] = useState(false);
  const add = (path: string) => (known: readonly string[]) => (known.includes(path) ? known : [...known, path]);
  const mayRead = (path: string, hasNetwork: boolean): boolean => {
    const may = allowed || !hasNetwork;
    (may ? setRead : setHeld)(add(path));
    return may;
  };
  const allow = (): void => {
    setAllowed(true);
    setHeld([]);
  };
  return { read, held, allowed, mayRead, allow };
}

export function AskedFiles({ paths, hosts, allow }: { paths: readonly string[]; hosts: readonly string[]; allow(): void }) {
  return (
    <div class="wanted" role="status">
      <Icon name="lock" />
      <p>
        <b>{r.reads(paths)}</b> {r.readsBody(hosts)}
      </p>
      <button type="button" class="btn" onClick={allow}>
        {r.allow}
      </button>
    </div>
  );
}

export interface Offered {
  readonly name: string;
  readonly content: Blob;
}

/** A file that an output would save, and the button that saves it. */
export function Offer({ file: { name, content }, end }: { file: Offered; end(): void }) {
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

/** A link that was followed without a click, or that does not lead where it reads; and the button that opens it. */
export function AskedLink({ to, end }: { to: Destination; end(): void }) {
  const open = (): void => {
    follow(to);
    end();
  };
  return (
    <div class="wanted" role="status">
      <Icon name="leave" />
      <p>
        {r.opens} <b class="address">{to.address}</b>
      </p>
      <button type="button" class="btn" onClick={open}>
        {r.remoteOpen}
      </button>
      <button type="button" class="btn" onClick={end}>
        {r.dismiss}
      </button>
    </div>
  );
}
