/** The language of a file by its name; its parser is fetched when the first file of it is opened. */
import { LanguageDescription, type LanguageSupport } from "@codemirror/language";
import { languages } from "@codemirror/language-data";

/** Names that the list does not know, by one that it does. */
const ALSO: readonly (readonly [RegExp, string])[] = [
  [/\.(rmd|qmd)$/i, "x.md"],
  [/\.(ipynb|jsonl|ndjson|geojson|webmanifest)$/i, "x.json"],
  [/^(\.?bashrc|\.?profile|\.?zshrc|\.env)$/i, "x.sh"],
  [/\.(cfg|conf|desktop|service)$|^\.(gitconfig|editorconfig)$/i, "x.ini"],
  [/\.(pyi|pyw)$|^(SConstruct|wscript)$/i, "x.py"],
  [/\.(svg|xsd|kml|gpx)$/i, "x.xml"],
];

export interface FoundLanguage {
  readonly name: string;
  readonly support: LanguageSupport;
}

/** What colours a file of that name, or null. */
export async function languageOfFile(name: string): Promise<FoundLanguage | null> {
  const known = ALSO.find(([names]) => names.test(name))?.[1] ?? name;
  const found = LanguageDescription.matchFilename(languages, known);
  return found === null ? null : { name: found.name, support: await found.load() };
}
