/** The sentences about who is signed in where: they come with the dialog that says them. */
import { many } from "./format.ts";

export const l = {
  title: "Signed-in browsers",
  body: "Each of these browsers can do all that you can here. Sign out those that you do not know or no longer use. Running code goes on.",
  thisOne: (where: string) => `${where} (this one)`,
  from: (where: string, address: string) => (address === "" ? where : `${where}, ${address}`),
  since: (ago: string) => `signed in ${ago}`,
  sinceFull: (time: string) => `Signed in ${time}`,
  used: (ago: string) => `last used ${ago}`,
  openNow: (pages: number) => `open now, ${many(pages, "page", "pages")}`,
  signOutOf: (name: string) => `Sign out ${name}`,
  others: "Sign out all others",
  all: "Sign out everywhere",
  allAsk: "Sign out everywhere?",
  allBody: "This browser, too. To come back you need the link that “webipy open” prints on the server’s machine, or the token.",
  allAct: "Sign out everywhere",
  ended: (count: number) => (count === 0 ? "Nobody was signed out." : `Signed out: ${many(count, "browser", "browsers")}`),
  more: "Guests are under Share in their notebook, and tokens for scripts have a list of their own. The webipy command uses the server’s token: to end that, stop the server, delete its token file and start it again. That signs everybody out.",
} as const;
