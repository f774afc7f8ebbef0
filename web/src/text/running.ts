/** English: what runs on the server. */
import { ago } from "./format.ts";

export const runningWords = {
  lastRan: "Ran: ",
  lastActivity: (seconds: number) => `active ${ago(seconds)}`,
  closeSessionNamed: (title: string) => `Close ${title}`,
  noKernel: "No kernel",
} as const;
