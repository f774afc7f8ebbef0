/** Every sentence about where names are defined. */
import { n } from "./format.ts";

const WHAT: Readonly<Record<string, string>> = { function: "function", class: "class", module: "module", variable: "variable" };

export const w = {
  title: (name: string) => `Where ${name} is defined`,
  lines: (first: number, last: number, all: number) =>
    last - first + 1 >= all ? `all of ${n(all)} are shown` : `shown are ${n(first)} to ${n(last)} of ${n(all)}`,
  atLine: (line: number) => `line ${line}`,
  source: (file: string, line: number) => `Source of ${file}, line ${line}`,
  goneCell: (count: number) => `A cell that ran as [${count}] and was deleted`,
  copyPath: "Copy the path",
  copySource: "Copy these lines",
  openFile: "Open the file",
  show: "Show",
  giveUp: "Do not wait",

  went: (cell: number, line: number) => `Cell ${cell}, line ${line}`,
  wentAsItWas: (name: string) => `${name} was defined here when this cell ran. The cell was changed since.`,
  back: (cell: number, line: number) => `Back in cell ${cell}, line ${line}`,
  nowhereBack: "There is no place to go back to.",

  noName: "Put the caret into a name first.",
  itself: (name: string, kind: string) =>
    kind === "parameter" ? `${name} is a parameter of this function.` : `This is where ${name} is defined.`,
  builtIn: (name: string) => `${name} is built in: there is no source to read.`,
  noSource: (name: string, kind: string) => `The source of the ${WHAT[kind] ?? "name"} ${name} cannot be read.`,
  value: (name: string, type: string) =>
    `${name} is a value of type ${type}. No cell here assigns it, so where it comes from is not known.`,
  unknown: (name: string) => `${name} is not defined in this notebook, and the kernel does not know it.`,
  unsupported: (language: string) => `A kernel for ${language} cannot show where names are defined.`,
  noKernel: (name: string) =>
    `${name} is not defined in this notebook. Names of libraries can only be found by a running kernel: start it, and try again.`,
  noLine: (name: string) =>
    `${name} is not defined in this notebook, and the kernel cannot be asked: there is no connection to the server.`,
  mayNot: (name: string) => `${name} is not defined in this notebook. To ask the kernel, you need the right to run code.`,
  busy: (name: string) => `The kernel is running. It can show where ${name} is defined when the cell has ended.`,
  starting: (name: string) => `The kernel is starting. Where ${name} is defined shows when it is ready.`,
  here: (name: string) => `The kernel has found where ${name} is defined.`,
} as const;
