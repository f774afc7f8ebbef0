/** The guide, as it comes with webipy: it needs no network beside the server. */
import { useEffect, useState } from "preact/hooks";
import { MarkdownView } from "../outputs/RichView.tsx";
import { HomeLink } from "../panels/HomeLink.tsx";
import { inside } from "../rpc/base_url.ts";
import { server } from "../session/connection.ts";
import { goTo, helpAddress } from "../session/route.ts";
import { t } from "../text/en.ts";
import { h } from "../text/help.ts";
import { Mark } from "../ui/icons.tsx";
import { ThemeButton } from "../ui/ThemeButton.tsx";

type DocName = keyof typeof h.docs;

const isDoc = (name: string): name is DocName => Object.hasOwn(h.docs, name);

const BY_FILE: Readonly<Record<string, DocName>> = {
  "README.md": "guide",
  "CHANGELOG.md": "changes",
  "glossary.md": "words",
  "protocol.md": "protocol",
  "security.md": "security",
  "jupyterhub.md": "jupyterhub",
};

/** A text of the repository as the page shows it: links to other texts of the guide lead there, those to its other files are plain words. */
export function forPage(text: string): string {
  return text
    .replace(/^!\[[^\]]*\]\([^)]*\)$/gm, "")
    .replace(/\[([^[\]]{1,200})\]\((?!https?:|#)([^()#]{1,200})(#[^()]{0,200})?\)/g, (_, words: string, path: string, place = "") => {
      const doc = BY_FILE[path.split("/").at(-1) ?? ""];
      return doc === undefined ? words : `[${words}](${helpAddress(doc)}${place})`;
    });
}

function useText(name: string): { readonly text: string; readonly problem: string } {
  const [found, set] = useState({ text: "", problem: isDoc(name) ? "" : h.noDoc });
  const version = server.value?.version;
  useEffect(() => {
    if (!isDoc(name) || version === undefined) return;
    fetch(inside(`/static/help-${name}.txt?${encodeURIComponent(version)}`)).then(
      async answer =>
        set(answer.ok ? { text: forPage(await answer.text()), problem: "" } : { text: "", problem: h.docFailed(answer.status) }),
      () => set({ text: "", problem: h.docFailed(0) }),
    );
  }, [name, version]);
  return found;
}

/** A link from text to text stays in this tab. */
function follow(event: MouseEvent): void {
  const address = event.target instanceof Element ? event.target.closest("a")?.getAttribute("href") : null;
  if (address?.startsWith(helpAddress("")) !== true || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  goTo(address);
  scrollTo(0, 0);
}

export function HelpPage({ name }: { name: string }) {
  const { text, problem } = useText(name);
  useEffect(() => {
    document.title = t.pageTitle(isDoc(name) ? h.docs[name] : h.title, false);
  }, [name]);
  return (
    <>
      <header class="top">
        <HomeLink folder="" className="brand" label={t.product}>
          <Mark />
        </HomeLink>
        <nav class="help-nav" aria-label={h.title}>
          {Object.entries(h.docs).map(([doc, words]) => (
            <a key={doc} href={helpAddress(doc)} aria-current={doc === name ? "page" : undefined}>
              {words}
            </a>
          ))}
        </nav>
        <span class="grow" />
        <ThemeButton />
      </header>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: a link is clicked by its keys, too */}
      <main class="help-page" onClick={follow}>
        {problem !== "" && (
          <p class="form-error" role="alert">
            {problem}
          </p>
        )}
        {problem === "" && text === "" && <p class="quiet">{t.opening}</p>}
        {text !== "" && <MarkdownView source={text} attachments={{}} folder="" />}
      </main>
    </>
  );
}
