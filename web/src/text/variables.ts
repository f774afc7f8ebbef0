/** English: the variables of the kernel. */
import { many } from "./format.ts";

export const variableWords = {
  title: "Variables",
  filter: "Filter by name or type",
  none: "No variables yet. They appear when code has run.",
  noMatch: "No variable has that in its name or type.",
  noKernel: "Variables appear when a kernel runs.",
  starting: "The kernel is starting.",
  dead: "The kernel has stopped: its variables are gone.",
  busy: "The kernel is running. What is shown is from before; it is renewed when the cell has ended.",
  language: (name: string) => `Variables are shown for Python. This kernel runs ${name}.`,
  more: (count: number) => `and ${many(count, "more name", "more names")}`,
  failed: (reason: string) => `The kernel could not list its variables: ${reason}`,
  inspect: (name: string) => `Show what is known of ${name}`,
  insert: (name: string) => `Insert ${name} into the cell`,
  refresh: "Ask again",
  elements: (count: number) => many(count, "item", "items"),
  characters: (count: number) => many(count, "character", "characters"),
  loading: "Asking the kernel…",
  noHelp: "The kernel knows nothing about this name.",
} as const;
