/**
 * The host side of the sealed frame: active output runs in an `<iframe sandbox>` of an opaque origin whose own policy lets it reach no network
 * but the hosts that a person allowed for it. It may not save files, open dialogs, windows or other addresses; what it would save it hands to the
 * page, which asks. The messages between the two are in frame/protocol.ts.
 *
 * The host takes only messages whose source is the frame's own window, and of those only what `parseFromFrame` lets through. A frame that is loaded a second
 * time has tried to go elsewhere (the page's policy stopped it) and is taken away; so is one that talks without end.
 */

import {
  type FromWidgets,
  type LibraryName,
  type Piece,
  parseFromFrame,
  type Supply,
  type ToGuest,
  type ToPage,
} from "../frame/protocol.ts";
import { inside } from "../rpc/base_url.ts";
import type { Json } from "../rpc/schema.ts";
import { frameKeys } from "../session/frame_keys.ts";

export const MOST_HEIGHT_PX = 2000;
/** The same of a frame that is printed: some twenty sheets. */
const MOST_PAPER_PX = 20_000;
const START_MS = 15_000;
/** Messages of a frame in one second. A slider that is dragged comes to some 200. */
const MOST_MESSAGES = 2000;

/** What a frame shows. */
export interface Guest {
  readonly type: string;
  readonly body: Json;
  /** Outputs that it builds on. */
  readonly before?: readonly Piece[];
  /** What its relative addresses start from, with its slash; without it the folder of the notebook. */
  readonly folder?: string;
  /** The size that it is given; without it as wide as there is room, and as high as it likes. */
  readonly width?: string;
  readonly height?: string;
}

export type FrameTrouble = "escaped" | "silent" | "flooded";

export interface FrameWatch {
  isDark(): boolean;
  /** The code of a library of ours; null when it cannot be had. */
  library(name: LibraryName): Promise<Blob | null>;
  failed(why: FrameTrouble): void;
  /** What there is for an address that the output names, or a file of it: that which lies at `beside`. */
  need(address: string, beside: string): Promise<Supply>;
  /** A load from there was stopped. */
  blocked(host: string): void;
  /** The output would save a file. */
  file(name: string, content: Blob): void;
  /** A link of the output was followed, by a click or by code alone. */
  link(address: string, text: string): void;
  models?(message: FromWidgets): void;
}

export class SealedFrame {
  /** The frames that are in the page. */
  static readonly shown = new Set<SealedFrame>();
  readonly element = document.createElement("iframe");
  #paper = false;
  #settled: (() => void) | null = null;
  #loads = 0;
  #shown = false;
  #height = 0;
  #resizing = 0;
  #received = 0;
  #stopKeys: (() => void) | null = null;
  #second = 0;
  readonly #timer: ReturnType<typeof setTimeout>;

  constructor(
    readonly guest: Guest,
    title: string,
    readonly hosts: readonly string[],
    readonly watch: FrameWatch,
  ) {
    const frame = this.element;
    frame.className = "sealed";
    frame.title = title;
    frame.setAttribute("sandbox", "allow-scripts allow-forms allow-pointer-lock");
    frame.style.width = guest.width ?? "";
    frame.style.height = guest.height ?? "";
    frame.referrerPolicy = "no-referrer";
    frame.addEventListener("load", this.#loaded);
    addEventListener("message", this.#message);
    SealedFrame.shown.add(this);
    frame.src = inside(hosts.length === 0 ? "/frame" : `/frame?${hosts.map(host => `host=${encodeURIComponent(host)}`).join("&")}`);
    this.#timer = setTimeout(() => {
      if (!this.#shown) watch.failed("silent");
    }, START_MS);
  }

  destroy(): void {
    SealedFrame.shown.delete(this);
    this.#settled?.();
    this.#stopKeys?.();
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#resizing);
    removeEventListener("message", this.#message);
    this.element.remove();
  }

  send(message: ToGuest): void {
    this.element.contentWindow?.postMessage(message, "*"); // an opaque origin has no name to send to
  }

  /**
   * Lets the guest be as it is on paper, or on the screen again; done when it is, and has its height. A guest that does not answer is waited for no
   * longer than one that does not start.
   */
  settle(paper: boolean): Promise<void> {
    this.#settled?.();
    this.#paper = paper;
    return new Promise(resolve => {
      const limit = setTimeout(resolve, START_MS);
      this.#settled = () => {
        clearTimeout(limit);
        this.#settled = null;
        resolve();
      };
      if (this.#shown) this.#askPaper();
    });
  }

  #askPaper(): void {
    this.themed();
    this.send({ webipy: "paper", on: this.#paper });
  }

  /** Tells the guest that the theme changed. */
  themed(): void {
    this.send({ webipy: "theme", dark: this.watch.isDark() });
  }

  readonly #loaded = (): void => {
    if (++this.#loads > 1) this.watch.failed("escaped");
  };

  readonly #message = (event: MessageEvent<unknown>): void => {
    const window = this.element.contentWindow;
    if (window === null || event.source !== window || this.#isFlood(event.timeStamp)) return;
    const message = parseFromFrame(event.data);
    if (message !== null) this.#apply(message);
  };

  #apply(message: ToPage): void {
    switch (message.webipy) {
      case "ready":
        if (this.#shown) return;
        this.#shown = true;
        clearTimeout(this.#timer);
        this.send({
          webipy: "show",
          type: this.guest.type,
          body: this.guest.body,
          before: this.guest.before ?? [],
          hosts: this.hosts,
          dark: this.watch.isDark(),
        });
        this.#stopKeys = frameKeys.subscribe(({ keys }) => this.send({ webipy: "keys", keys }));
        if (this.#settled !== null) this.#askPaper();
        return;
      case "settled":
        this.#resize(message.height);
        this.#settled?.();
        return;
      case "size":
        this.#resize(message.height);
        return;
      case "want":
        void this.watch.library(message.name).then(code => this.send({ webipy: "library", name: message.name, code }));
        return;
      case "need":
        void this.watch
          .need(message.address, message.beside)
          .then(supply => this.send({ webipy: "given", address: message.address, beside: message.beside, ...supply }));
        return;
      case "key":
        this.#press(message.keys);
        return;
      case "blocked":
        this.watch.blocked(message.host);
        return;
      case "file":
        this.watch.file(message.name, message.content);
        return;
      case "link":
        this.watch.link(message.address, message.text);
        return;
      default:
        this.watch.models?.(message);
    }
  }

  /**
   * A key of the page, when the focus is in a frame and a person has just done something: what a frame says alone sets nothing off. Which frame has the focus
   * Chromium does not tell for certain: a frame that had it by code stays the active element when a click takes it to another one.
   */
  #press(keys: string): void {
    const { keys: known, press } = frameKeys.value;
    if (known.includes(keys) && document.activeElement?.matches("iframe.sealed") === true && navigator.userActivation.isActive) press(keys);
  }

  /** At most one layout of the page for each of its frames, whatever the guest sends. */
  #resize(height: number): void {
    this.element.classList.add("shown");
    if ((this.guest.height ?? "") !== "") return;
    this.#height = Math.min(this.#paper ? MOST_PAPER_PX : MOST_HEIGHT_PX, Math.max(1, Math.ceil(height)));
    if (this.#paper) this.element.style.height = `${this.#height}px`;
    if (this.#paper || this.#resizing !== 0) return;
    this.#resizing = requestAnimationFrame(() => {
      this.#resizing = 0;
      this.element.style.height = `${this.#height}px`;
    });
  }

  #isFlood(now: number): boolean {
    if (now - this.#second > 1000) {
      this.#second = now;
      this.#received = 0;
    }
    if (++this.#received === MOST_MESSAGES + 1) this.watch.failed("flooded");
    return this.#received > MOST_MESSAGES;
  }
}
