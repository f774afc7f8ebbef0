/**
 * A file below the root that is edited as text: read whole, saved whole, and never over a change that was not seen.
 *
 * The etag of what was read goes with each save. When the file is another one by then, or its folder reports a change, a person decides;
 * with nothing unsaved here, it is simply read again. Ends of lines stay as they are, and so does a byte order mark.
 *
 * What is not saved is kept, as long as the page is open, for whoever comes back to the file.
 */
import { signal } from "@preact/signals";
import { folderOf, nameOf } from "../model/paths.ts";
import type { Connection } from "../rpc/connection.ts";
import { ask, fileAddress, refusalOf } from "../rpc/http.ts";
import { LineLost, RpcFailure } from "../rpc/messages.ts";
import { size } from "../text/format.ts";
import { x } from "../text/textfile.ts";
import { complain, toast } from "../ui/notices.ts";

/** Of a file that is edited: more makes typing slow. */
export const MOST_BYTES = 4 * 1024 * 1024;

export interface Content {
  readonly text: string;
  readonly etag: string;
  readonly writable: boolean;
}

/** Texts that are not saved, by path, with the etag of the file that they came from. */
const unsaved = new Map<string, Content>();
export const hasUnsaved = (): boolean => unsaved.size > 0;

/** The lines, from 1, at which conflicts begin that git has marked. */
export function conflictLines(text: string): number[] {
  const lines = text.split(/\r?\n/);
  const isMark = (mark: string) => lines.some(line => line.startsWith(mark));
  if (!isMark("<<<<<<< ") || !isMark(">>>>>>> ")) return [];
  return lines.flatMap((line, at) => (line.startsWith("<<<<<<< ") ? [at + 1] : []));
}

const etagOf = (answer: Response): string => /"([^"]*)"/.exec(answer.headers.get("etag") ?? "")?.[1] ?? "";

export class TextFile {
  readonly content = signal<Content | null>(null);
  /** Why it cannot be edited. */
  readonly problem = signal<string | null>(null);
  readonly dirty = signal(false);
  readonly saving = signal(false);
  readonly conflict = signal<"changed" | "deleted" | null>(null);
  /** Counts how often what is shown was replaced. */
  readonly replaced = signal(0);
  /** The text in the editor. */
  current: () => string = () => this.content.value?.text ?? "";
  #stops: (() => void)[] = [];

  constructor(
    readonly connection: Connection,
    readonly path: string,
  ) {}

  get folder(): string {
    return folderOf(this.path).replace(/\/$/, "");
  }

  open(): void {
    this.#stops = [
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
    const { value: content } = this.content;
    if (this.dirty.value && content !== null) unsaved.set(this.path, { ...content, text: this.current() });
    else unsaved.delete(this.path);
    this.connection.call("file.unwatch", { path: this.folder }).catch((error: unknown) => {
      if (!(error instanceof RpcFailure || error instanceof LineLost)) throw error; // nothing is watched any more
    });
  }

  /** What was typed is not in the file. */
  edited(): void {
    this.dirty.value = true;
  }

  /** Reads the file, and shows it in place of what is here; unless something was left unsaved the last time. */
  async load(): Promise<void> {
    try {
      const file = await this.connection.call("file.stat", { path: this.path });
      if (file.kind !== "file" && file.kind !== "notebook") this.problem.value = x.noFile;
      else if (file.size > MOST_BYTES) this.problem.value = x.tooLarge(size(file.size), size(MOST_BYTES));
      else await this.#read(file.is_writable);
    } catch (error) {
      if (error instanceof RpcFailure) this.problem.value = error.message;
      else if (!(error instanceof LineLost)) complain(error); // the next line reads again
    }
  }

  async #read(writable: boolean): Promise<void> {
    const answer = await ask(fileAddress(this.path), { cache: "no-store" });
    if (!answer.ok) {
      this.problem.value = await refusalOf(answer);
      return;
    }
    let text: string;
    try {
      text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await answer.arrayBuffer());
    } catch {
      this.problem.value = x.noText;
      return;
    }
    const found = { text, etag: etagOf(answer), writable };
    const left = unsaved.get(this.path);
    this.problem.value = text.includes("\0") ? x.noText : null;
    if (this.problem.value !== null) return;
    this.content.value = left === undefined || this.content.value !== null ? found : left;
    this.dirty.value = this.content.value === left;
    this.conflict.value = this.dirty.value && left?.etag !== found.etag ? "changed" : null;
    this.replaced.value++;
  }

  /** Looks whether the file is still the one that was read. */
  async check(): Promise<void> {
    const { value: content } = this.content;
    if (content === null || this.saving.value) return;
    try {
      const file = await this.connection.call("file.stat", { path: this.path });
      if (file.etag === this.content.value?.etag) this.conflict.value = null;
      else if (this.saving.value || content !== this.content.value) return;
      else if (this.dirty.value) this.conflict.value = "changed";
      else await this.load();
    } catch (error) {
      if (error instanceof RpcFailure && error.kind === "not_found") this.conflict.value = "deleted";
      else if (!(error instanceof LineLost)) complain(error); // the next line looks again
    }
  }

  /** Saves; whether the file holds what is here then. */
  async save(): Promise<boolean> {
    const { value: content } = this.content;
    if (content === null || this.saving.value) return false;
    if (!this.dirty.value) return true;
    return this.#put({ "if-match": `"${content.etag}"` });
  }

  async #put(condition: Record<string, string>): Promise<boolean> {
    const text = this.current();
    this.saving.value = true;
    try {
      const headers = { "content-type": "application/octet-stream", ...condition };
      const answer = await ask(fileAddress(this.path), { method: "PUT", body: text, headers });
      if (answer.status === 412) {
        this.saving.value = false;
        await this.check();
        return false;
      }
      if (!answer.ok) throw new Error(await refusalOf(answer));
      this.content.value = { text, etag: etagOf(answer), writable: true };
      this.dirty.value = this.current() !== text;
      this.conflict.value = null;
      if (!this.dirty.value) unsaved.delete(this.path);
      return !this.dirty.value;
    } catch (error) {
      complain(error);
      return false;
    } finally {
      this.saving.value = false;
    }
  }

  /** Decides a conflict for what is here; what the file held is kept beside it. */
  async keepMine(): Promise<void> {
    try {
      if (this.conflict.value === "deleted") {
        await this.#put({ "if-none-match": "*" });
        return;
      }
      const kept = await this.connection.call("file.copy", { path: this.path, to: null });
      const { etag } = await this.connection.call("file.stat", { path: this.path });
      if (await this.#put({ "if-match": `"${etag}"` })) toast(x.kept(nameOf(kept.path)));
    } catch (error) {
      complain(error);
    }
  }

  /** Decides it for the file. */
  async takeTheirs(): Promise<void> {
    unsaved.delete(this.path);
    await this.load();
  }
}
