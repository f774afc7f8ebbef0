/** The events that widgets are made of, kept until the code that reads them is loaded: that is when the first widget comes. */
import type { AnyEvent } from "../../rpc/schema.ts";
import type { SessionStore, Subscriber } from "../../session/store.ts";
import { complain } from "../../ui/notices.ts";
import type { Widgets } from "./widgets.ts";

const CONCERNED: ReadonlySet<AnyEvent["type"]> = new Set([
  "comm_opened",
  "comm_message",
  "comm_closed",
  "widget_output_added",
  "widget_outputs_cleared",
  "output_updated",
  "notebook_metadata_set",
  "kernel_started",
  "kernel_ready",
  "kernel_died",
  "kernel_state_changed",
] satisfies AnyEvent["type"][]);

const feeds = new WeakMap<SessionStore, WidgetFeed>();

/** Has the widgets of a session fed, from its next event on. */
export function startFeed(store: SessionStore): void {
  const feed = new WidgetFeed(store);
  feeds.set(store, feed);
  store.onEvent(feed);
}

/** The feed of a session that is open; undefined where there is none. */
export const feedOf = (store: SessionStore): WidgetFeed | undefined => feeds.get(store);

export class WidgetFeed implements Subscriber {
  #widgets: Promise<Widgets> | null = null;
  #ready: Widgets | null = null;
  #waiting: AnyEvent[] = [];
  #closed = false;

  constructor(readonly store: SessionStore) {}

  observe(event: AnyEvent): void {
    if (!CONCERNED.has(event.type)) return;
    if (this.#ready !== null) this.#ready.observe(event);
    else if (this.#widgets !== null) this.#waiting.push(event);
    else if (event.type === "comm_opened") {
      this.#waiting.push(event);
      this.widgets().catch(complain);
    } else if (event.type.startsWith("kernel_") || event.type === "notebook_metadata_set") {
      // of those only the last of each matters to a widget that is not there yet
      this.#waiting = [...this.#waiting.filter(one => one.type !== event.type), event];
    }
  }

  /** The widgets of the session, with every event up to now. */
  widgets(): Promise<Widgets> {
    this.#widgets ??= import("./widgets.ts").then(({ Widgets }) => {
      const widgets = new Widgets(this.store);
      for (const event of this.#waiting.splice(0)) widgets.observe(event);
      this.#ready = widgets;
      if (this.#closed) widgets.close();
      return widgets;
    });
    return this.#widgets;
  }

  close(): void {
    this.#closed = true;
    this.#ready?.close();
  }
}
