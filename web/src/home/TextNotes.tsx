/** What is to be known of a file that is edited as text, above its text: why it does not open, what another program did, what cannot be written. */
import { nameOf } from "../model/paths.ts";
import { save as download, fileAddress } from "../rpc/http.ts";
import { refused } from "../session/open_session.ts";
import { x } from "../text/textfile.ts";
import { Banner } from "../ui/Banner.tsx";
import { complain } from "../ui/notices.ts";
import type { TextFile } from "./text_file.ts";

function Act({ title, act, hint }: { title: string; act(): void; hint?: string }) {
  return (
    <button type="button" class="btn" title={hint} onClick={act}>
      {title}
    </button>
  );
}

function Conflict({ file }: { file: TextFile }) {
  const { value: conflict } = file.conflict;
  if (conflict === null) return null;
  const changed = conflict === "changed";
  return (
    <Banner
      kind="warn"
      icon="warn"
      bold={changed ? x.changed : x.deleted}
      end={
        <>
          {file.theirs.value !== null && <Act title={x.compare} hint={x.compareTitle} act={() => file.compare()} />}
          {changed && <Act title={x.takeTheirs} hint={x.takeTheirsTitle} act={() => void file.takeTheirs()} />}
          {changed && <Act title={x.keepMine} hint={x.keepMineTitle} act={() => void file.keepMine()} />}
          {!changed && <Act title={x.writeAgain} act={() => void file.keepMine()} />}
        </>
      }
    >
      {x.changedBody}
    </Banner>
  );
}

function Marks({ marks, next }: { marks: readonly number[]; next(): void }) {
  if (marks.length === 0) return null;
  return (
    <Banner kind="warn" icon="warn" bold={x.marks(marks.length)} end={<Act title={x.nextMark} act={next} />}>
      {x.marksBody}
    </Banner>
  );
}

/** Why a file is not shown, with a way to get it. */
export function Problem({ path, problem }: { path: string; problem: string }) {
  const save = (): void => void download(fileAddress(path), nameOf(path)).catch(complain);
  return (
    <Banner kind="bad" icon="warn" bold={x.cannot} end={<Act title={x.download} act={save} />}>
      {problem}
    </Banner>
  );
}

export function TextNotes({ file, marks, next }: { file: TextFile; marks: readonly number[]; next(): void }) {
  // That there are marks is shown below, for as long as there are.
  const fault = refused.value?.path === file.path ? refused.value.reason.replace(" It holds the marks of a merge conflict.", "") : null;
  const { value: character } = file.unwritable;
  const { value: problem } = file.problem;
  return (
    <>
      {problem !== null && <Problem path={file.path} problem={problem} />}
      {fault !== null && (
        <Banner kind="info" icon="warn" bold={x.noNotebook}>
          {fault} {x.noNotebookBody}
        </Banner>
      )}
      <Marks marks={marks} next={next} />
      {file.content.value?.writable === false && (
        <Banner kind="info" icon="warn" bold={x.readOnly}>
          {x.readOnlyBody}
        </Banner>
      )}
      {character !== null && (
        <Banner
          kind="warn"
          icon="warn"
          bold={x.unwritable(character)}
          end={<Act title={x.saveAsUtf8} act={() => void file.saveAsUtf8()} />}
        >
          {x.unwritableBody}
        </Banner>
      )}
      {file.compared.value !== null && (
        <Banner kind="info" icon="info" bold={x.comparing}>
          {x.comparingBody}
        </Banner>
      )}
      <Conflict file={file} />
    </>
  );
}
