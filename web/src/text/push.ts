/** English: being told by Web Push. */

export const pushWords = {
  heading: "Told when the page is closed",
  turnOn: "Tell me in this browser",
  hint: "When you ask to be told that a run has ended (the bell beside it), this browser shows it, also when no page of webipy is open. The message goes through the push service of the browser’s maker, which cannot read it.",
  insecure:
    "This works only at an address that begins with https://, or on the machine of the server itself (localhost). Whoever runs the server can set that up, with --tls-cert or a proxy.",
  untrusted: (why: string) =>
    `The browser did not take the part of webipy that runs while the page is closed (${why}). It does so only where it trusts the certificate of the server, not where you have let it pass.`,
  none: "This browser has no Web Push here. Current versions of Chrome, Edge, Firefox and Safari have it, but not in private windows; on an iPhone or iPad only for pages on the Home Screen.",
  denied:
    "You have forbidden notifications for this page. Allow them in the browser, by the icon before the address, and load the page again.",
  refused: (why: string) =>
    `The browser could not subscribe at the push service of its maker (${why}). It needs the Internet for that, and no private window; in Brave, push messages have to be allowed in its settings (Privacy).`,
  list: "Browsers that are told",
  here: (browser: string) => `${browser} (this browser)`,
  since: (when: string, service: string) => `since ${when} · by ${service}`,
  remove: "Remove",
  removeOf: (browser: string) => `Remove ${browser}`,
  on: "This browser tells you from now on, also when the page is closed.",
  off: "This browser is not told any more.",
  removed: (browser: string) => `${browser} is not told any more.`,
  ended: "This browser does not tell you any more when the page is closed: you were signed out since then, or it was removed.",
} as const;
