/** Colours for code of any language, in texts: the parsers of the editor, each fetched when its language is first met. */
import { LanguageDescription } from "@codemirror/language";
import { languages } from "@codemirror/language-data";
import { paintTree } from "../ui/highlight.ts";

/** Code without a language of that name stays as it is. */
export async function paintCode(source: string, language: string, into: HTMLElement): Promise<void> {
  const found =
    LanguageDescription.matchLanguageName(languages, language, false) ?? LanguageDescription.matchFilename(languages, `x.${language}`);
  if (found === null) return;
  const { language: loaded } = await found.load();
  paintTree(source, loaded.parser, into);
}
