/** Every sentence about where names are defined. */
const number = new Intl.NumberFormat("en");

const WHAT: Readonly<Record<string, string>> = { function: "function", class: "class", module: "module", variable: "variable" };

export const w = {
  title: (name: string) => `Where ${name} is defined`,
  lines: (first: number, last: number, all: number) =>
    last - first + 1 >= all
      ? `all of ${number.format(all)} are shown`
      : `shown are ${number.format(first)} to ${number.format(last)} of ${number.format(all)}`,
  atLine: (line: number) => `line ${line}`,
  source: (file: string, line: number) => `Source of ${file}, line ${line}`,
  goneCell: (count: number) => `A cell that ran as [${count}] and is not here any more`,
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
  value: (name: string, type: string) => `${name} is a value of type ${type}. No cell here assigns it, and a kernel does not note who did.`,
  unknown: (name: string) => `${name} is not defined in this notebook, and the kernel does not know it.`,
  unsupported: (language: string) => `Where names are defined cannot be asked of a kernel for ${language}.`,
  noKernel: (name: string) =>
    `${name} is not defined in this notebook. What libraries define only a running kernel knows: start it, and ask again.`,
  noLine: (name: string) => `${name} is not defined in this notebook, and there is no line to the server to ask the kernel.`,
  mayNot: (name: string) => `${name} is not defined in this notebook. To ask the kernel, you need the right to run code.`,
  busy: (name: string) => `The kernel is running. It can tell where ${name} is defined when the cell has ended.`,
  starting: (name: string) => `The kernel is starting. Where ${name} is defined shows when it is ready.`,
  here: (name: string) => `The kernel has told where ${name} is defined.`,
} as const;
