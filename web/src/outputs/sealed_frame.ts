/**
 * The host side of the sealed frame: active output runs in an `<iframe sandbox>` of an opaque origin whose own policy lets it reach no network
 * but the hosts that a person allowed for it. It may not save files, open dialogs, windows or other addresses; what it would save it hands to the
 * page, which asks. The messages between the two are in frame/protocol.ts.
 *
 * The host takes only messages whose source is the frame's own window, and of those only what `parseFromFrame` lets through. A frame that is loaded a second
 * time has tried to go elsewhere (the page's policy stopped it) and is taken away; so is one that talks without end.
 */

import { type FromModels, type LibraryName, parseFromFrame, type ToGuest, type ToPage } from "../frame/protocol.ts";
import type { Json } from "../rpc/schema.ts";

export const MOST_HEIGHT_PX = 2000;
const START_MS = 15_000;
/** Messages of a frame in one second. A slider that is dragged comes to some 200. */
const MOST_MESSAGES = 2000;

/** What a frame shows. */
export interface Guest {
  readonly type: string;
  readonly body: Json;
  /** Scripts that run before it. */
  readonly before?: readonly string[];
}

export type FrameTrouble = "escaped" | "silent" | "flooded";

export interface FrameWatch {
  isDark(): boolean;
  /** The code of a library of ours; null when it cannot be had. */
  library(name: LibraryName): Promise<Blob | null>;
  failed(why: FrameTrouble): void;
  /** A load from there was stopped. */
  blocked(host: string): void;
  /** The output would save a file. */
  file(name: string, content: Blob): void;
  models?(message: FromModels): void;
}

export class SealedFrame {
  readonly element = document.createElement("iframe");
  #loads = 0;
  #shown = false;
  #height = 0;
  #resizing = 0;
  #received = 0;
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
    frame.referrerPolicy = "no-referrer";
    frame.addEventListener("load", this.#loaded);
    addEventListener("message", this.#message);
    frame.src = hosts.length === 0 ? "/frame" : `/frame?${hosts.map(host => `host=${encodeURIComponent(host)}`).join("&")}`;
    this.#timer = setTimeout(() => {
      if (!this.#shown) watch.failed("silent");
    }, START_MS);
  }

  destroy(): void {
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#resizing);
    removeEventListener("message", this.#message);
    this.element.remove();
  }

  send(message: ToGuest): void {
    this.element.contentWindow?.postMessage(message, "*"); // an opaque origin has no name to send to
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
        return;
      case "size":
        this.#resize(message.height);
        return;
      case "want":
        void this.watch.library(message.name).then(code => this.send({ webipy: "library", name: message.name, code }));
        return;
      case "blocked":
        this.watch.blocked(message.host);
        return;
      case "file":
        this.watch.file(message.name, message.content);
        return;
      default:
        this.watch.models?.(message);
    }
  }

  /** At most one layout of the page for each of its frames, whatever the guest sends. */
  #resize(height: number): void {
    this.#height = Math.min(MOST_HEIGHT_PX, Math.max(1, Math.ceil(height)));
    if (this.#resizing !== 0) return;
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
