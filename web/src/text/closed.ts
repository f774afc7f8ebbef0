/** The sentences about closed sessions and what is kept of them. */
export const k = {
  open: "Closed sessions",
  title: "Closed sessions",
  body: (size: string, limit: string | null) =>
    `What ran in a closed session is kept, and with it the history of its notebook. Together they take ${size}${limit === null ? "" : ` of at most ${limit}; over that, the oldest go, those without a notebook first`}.`,
  empty: "Nothing is kept of closed sessions.",
  list: "Closed sessions, the latest first",
  closed: (ago: string) => `closed ${ago}`,
  none: "no notebook",
  gone: (path: string) => `${path} is not there any more`,
  again: "Open again",
  againOf: (name: string) => `Open ${name} again`,
  forget: "Delete…",
  forgetOf: (name: string) => `Delete what is kept of ${name}`,
  forgetAsk: (name: string) => `Delete what is kept of “${name}”?`,
  forgetBody: "What ran in it and what it printed are deleted. This cannot be undone.",
  forgetHistory: "The history of the notebook is deleted; the notebook stays as it is. This cannot be undone.",
  forgetAct: "Delete for good",
};
