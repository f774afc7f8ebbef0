/** The sentences of Help. */
export const h = {
  title: "Help",
  keys: "Keys",
  read: "Read",
  docs: {
    guide: "Guide",
    words: "Words",
    changes: "What is new",
    protocol: "The API",
    security: "Security",
    jupyterhub: "JupyterHub",
  },
  language: (name: string) => (name === "" ? "Pages that the kernel names" : `Pages about ${name.charAt(0).toUpperCase()}${name.slice(1)}`),
  problem: "Report a problem",
  problemBody: "Copy what the server and this page are, and paste it below what you did and what happened. Nothing of your work is in it.",
  copy: "Copy the report",
  copied: "The report is copied.",
  noDoc: "There is no such page in the guide.",
  docFailed: (status: number) => `The page cannot be read (${status}).`,
};
