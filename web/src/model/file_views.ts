/** How a file can be shown, by its name: the first view is the one that it opens in. A file that is only of use to programs has none. */

export const FILE_VIEWS = ["text", "table", "tree", "read", "both", "picture", "media", "document"] as const;
export type FileView = (typeof FILE_VIEWS)[number];

const KINDS: readonly (readonly [RegExp, readonly FileView[]])[] = [
  [/\.(csv|tsv|tab)$/i, ["table", "text"]],
  [/\.(json|geojson|ipynb|webmanifest)$/i, ["tree", "text"]],
  [/\.(md|markdown|rmd|qmd)$/i, ["read", "both", "text"]],
  [/\.svg$/i, ["picture", "text"]],
  [/\.(png|jpe?g|gif|webp|avif|bmp|ico)$/i, ["picture"]],
  [/\.(mp3|wav|ogg|oga|opus|m4a|aac|flac|mp4|m4v|webm|ogv|mov)$/i, ["media"]],
  [/\.pdf$/i, ["document"]],
  [/\.(zip|tar|t?gz|t?bz2|t?xz|zst|7z|rar|jar|whl|exe|dll|so|dylib|bin|iso|dmg|deb|rpm)$/i, []],
  [/\.(pkl|pickle|npy|npz|h5|hdf5|nc|parquet|feather|arrow|orc|mat|rds|rdata|sas7bdat|dta|sav)$/i, []],
  [/\.(xlsx?|xlsm|docx?|pptx?|odt|ods|odp|db|sqlite3?|pyc|pyo|o|a|pt|pth|ckpt|onnx|safetensors|tiff?|ttf|otf|woff2?)$/i, []],
];

/** The views of a file. */
export const viewsOf = (name: string): readonly FileView[] => KINDS.find(([names]) => names.test(name))?.[1] ?? ["text"];

/** Views of the text of a file. */
export const isOfText = (view: FileView): boolean => view === "text" || view === "both" || view === "read" || view === "tree";

/**
 * The view that an address asks for.
 *
 * Args:
 *   name: the name of the file.
 *   asked: the view that is named; null: none. Text can be asked for whatever the file is.
 */
export function viewOf(name: string, asked: string | null): FileView {
  const views = viewsOf(name);
  if (asked === "text") return "text";
  return views.find(one => one === asked) ?? views[0] ?? "text";
}
