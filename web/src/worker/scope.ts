/** What the service worker uses of its surroundings: the types of TypeScript for pages do not have it, and tests replace it. */

export interface Shown {
  readonly tag: string;
  readonly data: unknown;
  close(): void;
}

export interface Window {
  readonly url: string;
  readonly visibilityState: string;
  focus(): Promise<unknown>;
}

/** An event that lasts until its work is done. */
export interface Lasting {
  waitUntil(work: Promise<unknown>): void;
}

export interface Scope {
  readonly registration: {
    readonly scope: string;
    getNotifications(filter: { tag: string }): Promise<readonly Shown[]>;
    showNotification(title: string, options: NotificationOptions): Promise<void>;
  };
  readonly clients: {
    matchAll(options: { type: "window"; includeUncontrolled: boolean }): Promise<readonly Window[]>;
    openWindow(url: string): Promise<unknown>;
  };
  skipWaiting(): Promise<void>;
  addEventListener(name: "install", listener: () => void): void;
  addEventListener(name: "push", listener: (event: Lasting & { readonly data: { json(): unknown } | null }) => void): void;
  addEventListener(name: "notificationclick", listener: (event: Lasting & { readonly notification: Shown }) => void): void;
}
