/**
 * A file below the root that is edited as text: read whole, saved whole, and never over a change that was not seen.
 *
 *     file ──► content (what it held, with its etag) ──► the editor ──► a draft in the browser ──► saved: the file, if it still has that etag
 *                 ▲                                        │
 *     changed ────┴── nothing unsaved: shown ── else merged by lines ── else a person decides
 *
 * Ends of lines, a byte order mark and the encoding stay as they are. What is not saved is kept as a draft until it is saved or given up.
 */
import { signal } from "@preact/signals";
import type { TextEditor } from "../code/text_editor.ts";
import { decodeText, type Encoding, encodeText } from "../model/encodings.ts";
import { mergeTexts } from "../model/merge_texts.ts";
import { folderOf, nameOf } from "../model/paths.ts";
import type { Connection } from "../rpc/connection.ts";
import { ask, fileAddress, refusalOf } from "../rpc/http.ts";
import { LineLost, RpcFailure } from "../rpc/messages.ts";
import type { File } from "../rpc/schema.ts";
import { size } from "../text/format.ts";
import { x } from "../text/textfile.ts";
import { complain, toast } from "../ui/notices.ts";
import { type Draft, type Drafts, drafts } from "./text_drafts.ts";

/** Of a file that is edited: more takes the memory and the time of the browser. */
export const MOST_BYTES = 32 * 1024 * 1024;
/** A draft is written so long after a key; a large one later, as it is written whole. */
const DRAFT_MS = 300;
const DRAFT_MS_OF_MIB = 60;

export interface Content {
  readonly text: string;
  readonly etag: string;
  readonly writable: boolean;
  readonly encoding: Encoding;
}

/** The lines, from 1, at which conflicts begin that git has marked. */
export function conflictLines(text: string): number[] {
  if (!text.includes("<<<<<<< ") || !text.includes(">>>>>>> ")) return [];
  const lines = text.split(/\r?\n/);
  const isMark = (mark: string) => lines.some(line => line.startsWith(mark));
  if (!isMark("<<<<<<< ") || !isMark(">>>>>>> ")) return [];
  return lines.flatMap((line, at) => (line.startsWith("<<<<<<< ") ? [at + 1] : []));
}

const etagOf = (answer: Response): string => /"([^"]*)"/.exec(answer.headers.get("etag") ?? "")?.[1] ?? "";

export class TextFile {
  /** What the file held when it was read or written last. */
  readonly content = signal<Content | null>(null);
  /** Why it cannot be edited. */
  readonly problem = signal<string | null>(null);
  readonly dirty = signal(false);
  readonly saving = signal(false);
  readonly conflict = signal<"changed" | "deleted" | null>(null);
  /** What the file holds while there is a conflict; null: it is no text, or gone. */
  readonly theirs = signal<Content | null>(null);
  /** What the text is compared with until it is saved. */
  readonly compared = signal<string | null>(null);
  /** The character that the file's encoding does not have, if saving failed for it. */
  readonly unwritable = signal<string | null>(null);
  /** Counts how often the editor is to be made anew. */
  readonly replaced = signal(0);
  /** What the editor begins with. */
  shown = "";
  /** The editor, while there is one. */
  editor: TextEditor | null = null;
  #stops: (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;
  #kept = true;

  constructor(
    readonly connection: Connection,
    readonly path: string,
    readonly store: Drafts = drafts,
  ) {}

  get folder(): string {
    return folderOf(this.path).replace(/\/$/, "");
  }

  /** The text as it is now. */
  current(): string {
    return this.editor?.text() ?? this.shown;
  }

  /** Whether nothing is lost when the page ends now. */
  get isKept(): boolean {
    return !this.dirty.value || this.#kept;
  }

  open(): void {
    const leave = (): void => this.#keep();
    addEventListener("pagehide", leave);
    document.addEventListener("visibilitychange", leave);
    this.#stops = [
      () => removeEventListener("pagehide", leave),
      () => document.removeEventListener("visibilitychange", leave),
      this.connection.onPhase(phase => {
        if (phase === "live") this.#live();
      }),
      this.connection.onNotification(({ method, params }) => {
        if (method === "folder_changed" && (params as { path: string }).path === this.folder) void this.check();
      }),
    ];
    if (this.connection.phase === "live") this.#live();
  }

  #live(): void {
    this.connection.call("file.watch", { path: this.folder }).catch((error: unknown) => {
      if (!(error instanceof RpcFailure || error instanceof LineLost)) throw error; // what is wrong is reported when the file is read
    });
    void (this.content.value === null ? this.load() : this.check());
  }

  close(): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
    this.#keep();
    this.connection.call("file.unwatch", { path: this.folder }).catch((error: unknown) => {
      if (!(error instanceof RpcFailure || error instanceof LineLost)) throw error; // nothing is watched any more
    });
  }

  // ---- drafts

  /** What was typed is not in the file. */
  edited(): void {
    this.dirty.value = true;
    this.#kept = false;
    const wait = DRAFT_MS + (this.shown.length / 1024 ** 2) * DRAFT_MS_OF_MIB;
    this.#timer ??= setTimeout(() => this.#keep(), wait);
  }

  #keep(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const { value: content } = this.content;
    if (content === null || !this.dirty.value || this.#kept) return;
    this.#kept = true;
    const draft = { path: this.path, text: this.current(), base: content.text, etag: content.etag, encoding: content.encoding };
    this.store.put(draft).catch(() => {
      this.#kept = false; // this browser keeps nothing: leaving the page asks
    });
  }

  async #forget(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#kept = true;
    await this.store.delete(this.path).catch(() => {}); // where nothing can be kept, nothing was
  }

  // ---- reading

  /** Reads the file, and shows it; or what was left unsaved the last time. */
  async load(): Promise<void> {
    const draft = await this.store.get(this.path).catch(() => undefined);
    try {
      const file = await this.connection.call("file.stat", { path: this.path });
      const found = await this.#read(file);
      if (typeof found === "string") this.problem.value = found;
      else this.#begin(found, draft);
    } catch (error) {
      if (error instanceof RpcFailure && error.kind === "not_found" && draft !== undefined) this.#begin(null, draft);
      else if (error instanceof RpcFailure) this.problem.value = error.message;
      else if (!(error instanceof LineLost)) complain(error); // the next line reads again
    }
  }

  #begin(found: Content | null, draft: Draft | undefined): void {
    this.problem.value = null;
    if (draft === undefined || draft.text === found?.text) {
      if (found !== null) this.#show(found, found.text);
      return;
    }
    const before = { text: draft.base, etag: draft.etag, encoding: draft.encoding, writable: found?.writable ?? true };
    this.#show(before, draft.text);
    if (found === null) this.conflict.value = "deleted";
    else if (found.etag !== draft.etag) this.#meet(found);
  }

  /** Makes `text` what is edited, on top of what the file holds. */
  #show(content: Content, text: string): void {
    this.content.value = content;
    this.conflict.value = null;
    this.theirs.value = null;
    this.shown = text;
    if (this.editor === null) this.replaced.value++;
    else this.editor.put(text);
    this.dirty.value = text !== content.text;
    if (this.dirty.value) this.edited();
  }

  /** The file, or why it cannot be shown. */
  async #read(file: File): Promise<Content | string> {
    if (file.kind !== "file" && file.kind !== "notebook") return x.noFile;
    if (file.size > MOST_BYTES) return x.tooLarge(size(file.size), size(MOST_BYTES));
    const answer = await ask(fileAddress(this.path), { cache: "no-store" });
    if (!answer.ok) return await refusalOf(answer);
    const decoded = decodeText(new Uint8Array(await answer.arrayBuffer()));
    return decoded === null ? x.noText : { ...decoded, etag: etagOf(answer), writable: file.is_writable };
  }

  /** Looks whether the file is still the one that was read. */
  async check(): Promise<void> {
    const { value: content } = this.content;
    if (content === null || this.saving.value) return;
    try {
      const file = await this.connection.call("file.stat", { path: this.path });
      if (file.etag === content.etag || file.etag === this.theirs.value?.etag) {
        if (file.etag === content.etag) this.conflict.value = null;
        return;
      }
      const found = await this.#read(file);
      if (this.saving.value || content !== this.content.value) return; // it was saved meanwhile
      if (typeof found !== "string") this.#meet(found);
      else if (this.dirty.value) this.conflict.value = "changed";
      else this.problem.value = found;
    } catch (error) {
      if (error instanceof RpcFailure && error.kind === "not_found") this.conflict.value = "deleted";
      else if (!(error instanceof LineLost)) complain(error); // the next line looks again
    }
  }

  /** Takes in what another program has written. */
  #meet(found: Content): void {
    const { value: content } = this.content;
    if (content === null) return;
    const mine = this.dirty.value ? this.current() : null;
    const merged = mine === null || mine === found.text ? found.text : mergeTexts(content.text, mine, found.text);
    if (merged === null) {
      this.theirs.value = found;
      this.conflict.value = "changed";
      return;
    }
    this.#show(found, merged);
    if (!this.dirty.value) void this.#forget();
    else toast(x.merged);
  }

  // ---- writing

  /** Saves; whether the file holds what is here then. */
  async save(): Promise<boolean> {
    const { value: content } = this.content;
    if (content === null || this.saving.value) return false;
    if (this.conflict.value === "deleted") return false;
    if (!this.dirty.value) return true;
    return this.#write({ "if-match": `"${content.etag}"` });
  }

  async #write(condition: Record<string, string>): Promise<boolean> {
    const { encoding = "utf-8" } = this.content.value ?? {};
    const text = this.current();
    const body = encodeText(text, encoding);
    this.unwritable.value = typeof body === "string" ? body : null;
    if (typeof body === "string") return false;
    this.saving.value = true;
    try {
      const headers = { "content-type": "application/octet-stream", ...condition };
      const answer = await ask(fileAddress(this.path), { method: "PUT", body, headers });
      if (answer.status === 412) {
        this.saving.value = false;
        await this.check();
        return false;
      }
      if (!answer.ok) throw new Error(await refusalOf(answer));
      this.content.value = { text, etag: etagOf(answer), writable: true, encoding };
      this.dirty.value = this.current() !== text;
      this.conflict.value = null;
      this.theirs.value = null;
      this.compared.value = null;
      if (this.dirty.value) this.edited();
      else void this.#forget();
      return !this.dirty.value;
    } catch (error) {
      complain(error);
      return false;
    } finally {
      this.saving.value = false;
    }
  }

  /** Saves as UTF-8, whatever the file was. */
  async saveAsUtf8(): Promise<boolean> {
    const { value: content } = this.content;
    if (content === null) return false;
    this.content.value = { ...content, encoding: "utf-8" };
    this.dirty.value = true;
    return await this.save();
  }

  // ---- a conflict

  /** Decides it for what is here; what the file held is kept beside it. */
  async keepMine(): Promise<void> {
    try {
      if (this.conflict.value === "deleted") {
        await this.#write({ "if-none-match": "*" });
        return;
      }
      const kept = await this.connection.call("file.copy", { path: this.path, to: null });
      const { etag } = await this.connection.call("file.stat", { path: this.path });
      if (await this.#write({ "if-match": `"${etag}"` })) toast(x.kept(nameOf(kept.path)));
    } catch (error) {
      complain(error);
    }
  }

  /** Decides it for the file. */
  async takeTheirs(): Promise<void> {
    this.dirty.value = false;
    await this.#forget();
    await this.load();
  }

  /** Shows where what is here differs from the file; saved, it takes the file's place. */
  compare(): void {
    const { value: found } = this.theirs;
    if (found === null) return;
    this.content.value = found;
    this.theirs.value = null;
    this.conflict.value = null;
    this.compared.value = found.text;
    this.edited();
  }
}
