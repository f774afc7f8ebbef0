/** Help: the keys, the guide, the pages of the kernel's language, the version and licences, and what a report about a problem needs. */
import { useEffect, useState } from "preact/hooks";
import { connection } from "../session/connection.ts";
import type { Open } from "../session/open_session.ts";
import { may } from "../session/permissions.ts";
import { helpAddress } from "../session/route.ts";
import { h } from "../text/help.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { Icon } from "../ui/icons.tsx";
import { complain, toast } from "../ui/notices.ts";
import { dialog } from "../ui/page_state.ts";
import { reportOf, serverLines } from "./report.ts";
import { About } from "./Settings.tsx";

interface Link {
  readonly text: string;
  readonly url: string;
}

const MOST_LINKS = 40;

/** The links that a kernel gives of itself (Jupyter messaging 5.4, help_links), those of the web alone. */
export function linksIn(content: unknown): Link[] {
  const given = typeof content === "object" && content !== null && "help_links" in content ? content.help_links : [];
  if (!Array.isArray(given)) return [];
  return given
    .slice(0, MOST_LINKS)
    .filter((one): one is Link => typeof one?.text === "string" && typeof one.url === "string" && /^https?:\/\//i.test(one.url));
}

/** Asks the kernel; nothing while there is none, or it does not answer. */
function useLinks(open: Open | null): readonly Link[] {
  const [links, set] = useState<readonly Link[]>([]);
  const state = open?.store.model.kernel?.state;
  const alive = state === "idle" || state === "busy";
  useEffect(() => {
    if (open === null || !alive || !may("execute")) return;
    const request = { session: open.store.id, channel: "control", msg_type: "kernel_info_request" } as const;
    connection.call("message.send", request).then(
      reply => set(linksIn(reply.content)),
      () => {}, // a kernel that gives no answer has no pages to show
    );
  }, [open, alive]);
  return links;
}

function Links({ links }: { links: readonly Link[] }) {
  return (
    <ul class="help-links">
      {links.map(({ text, url }) => (
        <li key={url}>
          <a href={url} target="_blank" rel="noopener noreferrer">
            {text}
          </a>
        </li>
      ))}
    </ul>
  );
}

function Report({ open }: { open: Open | null }) {
  const [lines, set] = useState<readonly string[] | null>(null);
  if (open !== null) void open.store.head.value;
  useEffect(() => {
    serverLines(connection).then(set, complain);
  }, []);
  const text = lines === null ? "" : reportOf(connection, open, lines);
  return (
    <>
      <p class="quiet">{h.problemBody}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reachable by keyboard */}
      <pre class="report" tabIndex={0}>
        {text}
      </pre>
      <button
        type="button"
        class="btn"
        disabled={text === ""}
        onClick={() => void navigator.clipboard.writeText(text).then(() => toast(h.copied), complain)}
      >
        <Icon name="copy" />
        {h.copy}
      </button>
    </>
  );
}

const DOCS = Object.entries(h.docs).map(([name, text]) => ({ text, url: helpAddress(name) }));

export function HelpDialog({ open }: { open: Open | null }) {
  if (open !== null) void open.store.head.value;
  const links = useLinks(open);
  const close = (): void => {
    dialog.value = null;
  };
  return (
    <Dialog title={h.title} onClose={close}>
      {open !== null && (
        <p>
          <button
            type="button"
            class="btn"
            onClick={() => {
              dialog.value = "shortcuts";
            }}
          >
            <Icon name="keyboard" />
            {h.keys}
          </button>
        </p>
      )}
      <h3>{h.read}</h3>
      <Links links={DOCS} />
      {links.length > 0 && (
        <>
          <h3>{h.language(open?.store.model.kernel?.language ?? "")}</h3>
          <Links links={links} />
        </>
      )}
      <h3>{h.problem}</h3>
      <Report open={open} />
      <About />
    </Dialog>
  );
}
