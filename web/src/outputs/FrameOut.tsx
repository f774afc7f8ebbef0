/** Active output: a sealed frame, made when it comes near the screen. */
import { useContext, useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { FromWidgets } from "../frame/protocol.ts";
import { notebookFolder } from "../session/open_session.ts";
import { r } from "../text/rich.ts";
import { complain } from "../ui/notices.ts";
import { printing } from "../ui/page_state.ts";
import { isDark } from "../ui/settings.ts";
import type { Span } from "./allowed_hosts.ts";
import { savedName } from "./copy_save.ts";
import { AllowedHosts, Asked, AskedFiles, AskedLink, Offer, type Offered, Trouble, useAllowed, useFiles } from "./FrameAsks.tsx";
import { prepared, watchBefore } from "./frame_before.ts";
import { library } from "./frame_libraries.ts";
import { type Destination, destinationOf, follow, isAsked, isWritten, misleads } from "./frame_links.ts";
import { FilesBeside, NOTHING, supplyPublic } from "./frame_supplies.ts";
import { hostsOf } from "./named_hosts.ts";
import { PaintedOutput } from "./place.ts";
import { type FrameTrouble, type Guest, SealedFrame } from "./sealed_frame.ts";

const NEAR = "800px";
/** An output that asks for more servers than this is not asked about all of them. */
const MOST_HOSTS = 16;

/** The models that a frame of widgets shows. */
export interface Models {
  /** Handles a message of a frame. */
  receive(message: FromWidgets, frame: SealedFrame): void;
  leave(frame: SealedFrame): void;
}

const hostOf = (address: string): string => new URL(address, "https://none.invalid").host;

export function FrameOut({ guest, models }: { guest: Guest; models?: Models }) {
  const host = useRef<HTMLDivElement>(null);
  const frame = useRef<SealedFrame | null>(null);
  const output = useContext(PaintedOutput);
  const [trouble, setTrouble] = useState<FrameTrouble | null>(null);
  const [wanted, setWanted] = useState<readonly string[]>([]);
  const [offered, setOffered] = useState<Offered | null>(null);
  const [link, setLink] = useState<Destination | null>(null);
  const [isSilent, setSilent] = useState(false);
  const [attempt, setAttempt] = useState(0);
  const files = useFiles();
  const dark = isDark();
  const named = useMemo(() => hostsOf(guest).slice(0, MOST_HOSTS), [guest.body]);
  const { open, refused, allow, forbid } = useAllowed(wanted.length === 0 ? named : wanted);
  const make = useRef<() => void>(() => {});
  const paper = printing.value;
  const hosts = open.join(" ");
  useEffect(() => {
    const place = host.current;
    if (place === null || trouble !== null) return;
    let over = false;
    let whole = guest;
    const folder = guest.folder ?? notebookFolder();
    const supplied = new Set<string>();
    const beside = new FilesBeside(folder);
    const watch = {
      isDark,
      library,
      failed: setTrouble,
      need: async (address: string, from: string) => {
        if (/^(?:[a-z]+:)?\/\//i.test(address)) {
          const supply = await supplyPublic(address, guest);
          if (supply.content !== null || supply.library !== null) supplied.add(hostOf(address));
          return supply;
        }
        const path = beside.named(address, from, whole);
        return path !== null && files.mayRead(path, hosts !== "") ? await beside.supply(path) : NOTHING;
      },
      blocked: (name: string) => {
        const more = named.filter(one => !supplied.has(one));
        setWanted(known => [...new Set([...known, name, ...more])].slice(0, MOST_HOSTS));
      },
      file: (name: string, content: Blob) => setOffered({ name: savedName(name), content }),
      link: (address: string, text: string) => {
        const to = destinationOf(address, folder, location.origin);
        const element = frame.current?.element;
        if (to === null || element === undefined) return;
        if (isAsked(element) && isWritten(address, whole) && !misleads(text, to.address)) follow(to);
        else setLink(to);
      },
      ...(models === undefined
        ? {}
        : { models: (message: FromWidgets) => frame.current !== null && models.receive(message, frame.current) }),
    };
    let isBegun = false;
    let stopLooking = (): void => {};
    const begin = async (): Promise<void> => {
      const made = await prepared(guest, output);
      if (over) return;
      setSilent(made === null);
      if (made === null) return;
      whole = made.guest;
      if (made.isMissing) stopLooking = watchBefore(guest, output, whole.before ?? [], () => setAttempt(one => one + 1));
      frame.current = new SealedFrame(whole, r.sealed, hosts === "" ? [] : hosts.split(" "), watch);
      place.append(frame.current.element);
    };
    make.current = () => {
      near.disconnect();
      if (isBegun) return;
      isBegun = true;
      begin().catch(complain);
    };
    const near = new IntersectionObserver(entries => entries.some(entry => entry.isIntersecting) && make.current(), { rootMargin: NEAR });
    near.observe(place);
    return () => {
      over = true;
      stopLooking();
      near.disconnect();
      if (frame.current !== null) models?.leave(frame.current);
      frame.current?.destroy();
      frame.current = null;
    };
  }, [guest.body, guest.type, trouble, hosts, models, files.allowed, attempt]);
  useEffect(() => {
    if (paper && trouble === null) make.current();
  }, [paper, trouble, hosts]);
  useEffect(() => frame.current?.themed(), [dark]);
  if (trouble !== null) return <Trouble text={r[trouble]} title={r.showAgain} act={() => setTrouble(null)} />;
  if (isSilent) return null;
  const note = files.read.length === 0 ? r.wantsBody : `${r.wantsBody} ${r.wantsFiles(files.read)}`;
  const allowWanted = (span: Span): void => {
    if (files.read.length > 0) files.allow();
    allow(refused, span);
  };
  return (
    <>
      <div class="frame-host" ref={host} title={r.sealedNote} data-undrawn={r.undrawn} />
      {offered !== null && <Offer file={offered} end={() => setOffered(null)} />}
      {link !== null && <AskedLink to={link} end={() => setLink(null)} />}
      {wanted.length > 0 && refused.length > 0 && <Asked text={r.wants(refused)} note={note} allow={allowWanted} />}
      {files.held.length > 0 && <AskedFiles paths={files.held} hosts={open} allow={files.allow} />}
      <AllowedHosts hosts={open} forbid={forbid} />
    </>
  );
}
