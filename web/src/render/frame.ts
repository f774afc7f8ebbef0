/**
 * The host side of the sealed frame: active output runs in an `<iframe sandbox>` of an opaque origin whose own policy lets it reach no network.
 *
 *     host                                     guest (frame.html, src/frame/guest.ts)
 *      │  ◄── {webipy: "ready"} ────────────────│
 *      │  ─── {webipy: "show", type, body} ────►│  shows it once
 *      │  ◄── {webipy: "size", height} ─────────│  whenever it grows or shrinks
 *      │  ─── {webipy: "theme", dark} ─────────►│
 *
 * The host takes only messages whose source is the frame's own window, checks their form, and uses nothing of them but a bounded number. A frame
 * that is loaded a second time has tried to go elsewhere (the page's policy stopped it) and is taken away.
 */
export const MOST_HEIGHT_PX = 2000;
const START_MS = 15_000;

export interface Guest {
  readonly type: "text/html" | "application/javascript";
  readonly body: string;
}

export class SealedFrame {
  readonly element = document.createElement("iframe");
  #loads = 0;
  #shown = false;
  readonly #timer: ReturnType<typeof setTimeout>;

  constructor(
    readonly guest: Guest,
    title: string,
    readonly dark: () => boolean,
    readonly failed: (why: "escaped" | "silent") => void,
  ) {
    const frame = this.element;
    frame.className = "sealed";
    frame.title = title;
    frame.setAttribute("sandbox", "allow-scripts allow-forms allow-modals allow-downloads allow-pointer-lock");
    frame.referrerPolicy = "no-referrer";
    frame.addEventListener("load", this.#loaded);
    addEventListener("message", this.#message);
    frame.src = "/frame";
    this.#timer = setTimeout(() => {
      if (!this.#shown) failed("silent");
    }, START_MS);
  }

  destroy(): void {
    clearTimeout(this.#timer);
    removeEventListener("message", this.#message);
    this.element.remove();
  }

  /** Tells the guest that the theme changed. */
  themed(): void {
    this.element.contentWindow?.postMessage({ webipy: "theme", dark: this.dark() }, "*");
  }

  readonly #loaded = (): void => {
    if (++this.#loads > 1) this.failed("escaped");
  };

  readonly #message = (event: MessageEvent<unknown>): void => {
    const window = this.element.contentWindow;
    if (window === null || event.source !== window || typeof event.data !== "object" || event.data === null) return;
    const message = event.data as { webipy?: unknown; height?: unknown };
    if (message.webipy === "ready" && !this.#shown) {
      this.#shown = true;
      clearTimeout(this.#timer);
      window.postMessage({ webipy: "show", type: this.guest.type, body: this.guest.body, dark: this.dark() }, "*");
    } else if (message.webipy === "size" && typeof message.height === "number" && Number.isFinite(message.height))
      this.element.style.height = `${Math.min(MOST_HEIGHT_PX, Math.max(1, Math.ceil(message.height)))}px`;
  };
}
