/** Every sentence about rich outputs, their menus and widgets. */
const number = new Intl.NumberFormat("en");
const many = (count: number, one: string, more: string): string => `${number.format(count)} ${count === 1 ? one : more}`;

export const r = {
  menu: (label: string) => `Menu of ${label.charAt(0).toLowerCase()}${label.slice(1)}`,
  copy: "Copy",
  copyTable: "Copy as a table",
  copyCsv: "Copy as CSV",
  copyPath: "Copy path",
  save: (kind: string) => `Save as ${kind}`,
  text: "text",
  image: "an image",
  file: "a file",
  fullScreen: "Full screen",
  leaveFullScreen: "Leave full screen",
  saveCsv: "Save as CSV",
  nothingToCopy: "There is nothing to copy in this output.",

  search: "Search",
  searchJson: "Search in this value",
  found: (at: number, count: number, more: boolean) =>
    count === 0 ? "nothing found" : `${number.format(at)} of ${number.format(count)}${more ? "+" : ""}`,
  previous: "Previous",
  next: "Next",
  openAll: "Open all",
  closeAll: "Close all",
  earlier: (count: number) => `Show ${many(count, "earlier item", "earlier items")}`,
  later: (count: number) => `Show ${many(count, "more item", "more items")}`,
  pathCopied: (path: string) => `Copied: ${path}`,

  sortedUp: (column: string) => `Sorted by ${column}, smallest first`,
  sortedDown: (column: string) => `Sorted by ${column}, largest first`,
  unsorted: "In the order it came",

  sealed: "Output in a sealed frame",
  sealedNote: "Interactive output runs in a sealed frame: it cannot read your session or files.",
  escaped: "This output tried to leave the page and was stopped.",
  silent: "This output could not be shown.",
  flooded: "This output sent more messages than a page can take and was stopped.",
  showAgain: "Show it again",
  wants: (hosts: readonly string[]) => `This output wants to load from ${hosts.join(", ")}.`,
  wantsBody:
    "Output has no network unless you allow it. Those servers learn that you look at it, and its code could send them what it shows.",
  allow: "Allow",
  allowedHost: (host: string) => `May load from ${host}. `,
  forbid: "Forbid it",
  offers: (name: string) => `This output would save ${name}.`,
  saveOffered: "Save",
  dismiss: "Dismiss",

  large: (type: string, size: string) => `${type}, ${size}`,
  largeComing: "Coming …",
  largeFailed: (why: string) => `cannot be shown: ${why}`,
  pdf: (size: string) => `A PDF document, ${size}`,
  remotePicture: "Picture from another server",
  remoteFrom: (alt: string, host: string) => `${alt === "" ? "Picture" : `“${alt}”`} from ${host}`,
  remoteNote: (host: string) => `${host} learns that you look at it.`,
  remoteShow: "Show",
  remoteOpen: "Open",

  noModel: "This widget is not there any more. Run the cell again to make it anew.",
  deadWidget: "The kernel that made this widget has ended: what it shows stays, but nothing answers.",
  tooLarge: "This is too large for one message: at most 10 MB can go to a widget at once.",
  namesOthers: "A widget named a widget of another output. The kernel was not told.",
  notSent: "The kernel was not told: the line is down. Try again when it is back.",
} as const;
