/** The audit log, for whoever runs the server: who did what, from where, with which result, and whether the log is whole. */

import { useEffect, useState } from "preact/hooks";
import type { AuditLine } from "../rpc/schema.ts";
import { connection } from "../session/connection.ts";
import { auditWords as words } from "../text/audit.ts";
import { t } from "../text/en.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { complain, say } from "../ui/notices.ts";
import { aboutOf, whoOf } from "./audit_lines.ts";

const PAGE = 50;

function Row({ line }: { line: AuditLine }) {
  const where = [words.by(line.by), line.address].filter(word => word !== "").join(", ");
  return (
    <li class={line.result === "ok" ? "" : "bad"}>
      <span class="what">
        <b>
          {whoOf(line, words.server, words.nobody)} <span class="audit-method">{line.method}</span>
        </b>
        <span class="sub">{[aboutOf(line), where].filter(word => word !== "").join(" · ")}</span>
      </span>
      <span class="sub audit-when">
        <time dateTime={line.time}>{new Date(line.time).toLocaleString(undefined, { dateStyle: "short", timeStyle: "medium" })}</time>
        {line.result !== "ok" && <b class="audit-result">{line.result}</b>}
      </span>
    </li>
  );
}

function Verify() {
  const [found, set] = useState<{ readonly whole: boolean; readonly text: string } | null>(null);
  const [busy, work] = useState(false);
  const verify = async (): Promise<void> => {
    work(true);
    try {
      const { whole, lines, fault } = await connection.call("audit.verify", {});
      const text = whole ? words.whole(lines) : words.broken(fault);
      set({ whole, text });
      say(text);
    } catch (error) {
      complain(error);
    }
    work(false);
  };
  return (
    <>
      <span class={found?.whole === false ? "grow sub bad-text" : "grow sub"}>{found?.text}</span>
      <button type="button" class="btn" disabled={busy} onClick={() => void verify()}>
        {words.verify}
      </button>
    </>
  );
}

export function AuditDialog({ onClose }: { onClose(): void }) {
  const [lines, set] = useState<readonly AuditLine[] | null>(null);
  const [before, next] = useState<number | null>(null);
  const [person, name] = useState("");
  const [method, choose] = useState("");
  const [failed, only] = useState(false);
  const load = async (from: number | null): Promise<readonly AuditLine[]> => {
    const found = await connection.call("audit.list", {
      limit: PAGE,
      failed,
      before: from,
      person: person.trim() === "" ? null : person.trim(),
      method: method === "" ? null : method,
    });
    next(found.before);
    return found.lines;
  };
  useEffect(() => {
    let isLast = true;
    const pause = setTimeout(() => {
      load(null)
        .then(found => isLast && set(found))
        .catch(complain);
    }, 200);
    return () => {
      isLast = false;
      clearTimeout(pause);
    };
  }, [person, method, failed]);
  const more = (): void => {
    load(before)
      .then(found => set([...(lines ?? []), ...found]))
      .catch(complain);
  };
  return (
    <Dialog title={words.title} onClose={onClose} foot={<Verify />} wide>
      <p class="quiet">{words.body}</p>
      <div class="make-link make-token">
        <input
          class="input"
          aria-label={words.person}
          placeholder={words.personHint}
          autocomplete="off"
          value={person}
          onInput={event => name(event.currentTarget.value)}
        />
        <select class="input" aria-label={words.method} value={method} onChange={event => choose(event.currentTarget.value)}>
          {Object.entries(words.methods).map(([one, title]) => (
            <option key={one} value={one}>
              {title}
            </option>
          ))}
        </select>
        <label class="check">
          <input type="checkbox" checked={failed} onChange={event => only(event.currentTarget.checked)} />
          {words.failed}
        </label>
      </div>
      {lines === null && <p class="quiet">{t.opening}</p>}
      {lines?.length === 0 && <p class="quiet">{words.none}</p>}
      <ul class="trash audit" aria-label={words.title}>
        {lines?.map(line => (
          <Row key={line.seq} line={line} />
        ))}
      </ul>
      {before !== null && (
        <button type="button" class="btn" onClick={more}>
          {words.more}
        </button>
      )}
    </Dialog>
  );
}
