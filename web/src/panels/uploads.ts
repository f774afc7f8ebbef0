/**
 * Files and folders on their way to the server: a file whole when it is small, else in parts, so that a line that breaks costs one part and not all
 * of it.
 *
 * Nothing that exists is replaced without asking: the request asks that the file is not there, and when it is, the person decides.
 */

import { signal } from "@preact/signals";
import { ask, fileAddress, refusalOf } from "../rpc/http.ts";
import { fileWords } from "../text/files.ts";
import { f } from "../text/managing.ts";
import type { Dropped } from "../ui/dropped_files.ts";
import { complain, toast } from "../ui/notices.ts";
import { type FolderContent, readDropped, sendFolder } from "./folder_upload.ts";

export interface Upload {
  readonly key: number;
  readonly name: string;
  /** The folder below the root that it goes into. */
  readonly into: string;
  readonly content: Blob | FolderContent;
  /** Bytes in all, and those that are there. */
  readonly size: number;
  readonly sent: number;
  /** Files of a folder that are done. */
  readonly done: number;
  /** The name is taken: it waits for a decision. */
  readonly taken: boolean;
}

export const uploads = signal<readonly Upload[]>([]);
const PART = 4 * 1024 * 1024;
const RETRY_MS = 2000;
const TRIES = 30;
const stops = new Map<number, AbortController>();
let nextKey = 1;

function change(key: number, now: Partial<Upload>): void {
  uploads.value = uploads.value.map(one => (one.key === key ? { ...one, ...now } : one));
}

function drop(key: number): void {
  uploads.value = uploads.value.filter(one => one.key !== key);
  stops.delete(key);
}

function add(name: string, into: string, content: Upload["content"], size: number): void {
  const one: Upload = { key: nextKey++, name, into, content, size, sent: 0, done: 0, taken: false };
  uploads.value = [...uploads.value, one];
  void run(one, false);
}

/** Sends files into a folder. */
export function upload(files: Iterable<File>, folder: string): void {
  for (const file of files) add(file.name, folder, file, file.size);
}

/** Sends a folder into a folder. */
export function uploadFolder(content: FolderContent, folder: string): void {
  const size = content.files.reduce((sum, { file }) => sum + file.size, 0);
  add(content.name, folder, content, size);
}

/** Sends what was dropped. */
export function uploadDropped({ files, folders }: Dropped, folder: string): void {
  upload(files, folder);
  for (const one of folders) readDropped(one).then(content => uploadFolder(content, folder), complain);
}

/** Decides for an upload whose name is taken. */
export function decide(one: Upload, replace: boolean): void {
  change(one.key, { taken: false, sent: 0 });
  if (replace) void run({ ...one, taken: false, sent: 0 }, true);
  else drop(one.key);
}

export function stop(one: Upload): void {
  stops.get(one.key)?.abort();
  drop(one.key);
  toast(fileWords.uploadStopped(one.name));
}

async function run(one: Upload, replace: boolean): Promise<void> {
  const stopper = new AbortController();
  stops.set(one.key, stopper);
  try {
    await (one.content instanceof Blob ? runFile(one, one.content, replace, stopper) : runFolder(one, one.content, replace, stopper));
  } catch (error) {
    if (stopper.signal.aborted) return;
    drop(one.key);
    toast(fileWords.uploadFailed(one.name, error instanceof Error ? error.message : String(error)), { bad: true });
  }
}

async function runFile(one: Upload, file: Blob, replace: boolean, stopper: AbortController): Promise<void> {
  const path = one.into === "" ? one.name : `${one.into}/${one.name}`;
  const answer = await send(path, file, replace, stopper.signal, sent => change(one.key, { sent }));
  if (answer.status === 412 || answer.status === 409) return change(one.key, { taken: true });
  drop(one.key);
  if (answer.ok) toast(fileWords.uploaded(one.name));
  else toast(fileWords.uploadFailed(one.name, await refusalOf(answer)), { bad: true });
}

async function runFolder(one: Upload, content: FolderContent, merge: boolean, stopper: AbortController): Promise<void> {
  let [sent, done] = [0, 0];
  const sendOne = async (path: string, file: File): Promise<string | null> => {
    let before = 0;
    const answer = await send(path, file, merge, stopper.signal, now => {
      sent += now - before;
      before = now;
      change(one.key, { sent });
    });
    change(one.key, { done: ++done });
    return answer.ok ? null : await refusalOf(answer);
  };
  const { taken, failed, reason } = await sendFolder(content, one.into, merge, sendOne, stopper.signal);
  if (taken) return change(one.key, { taken: true });
  drop(one.key);
  const all = content.files.length;
  if (failed === 0) toast(f.folderUploaded(one.name, all, content.hidden));
  else toast(f.folderFailed(one.name, failed, all, reason), { bad: true });
}

/** Sends all parts of a file; the answer to the last one, or to the first that was refused. */
async function send(path: string, file: Blob, replace: boolean, signal: AbortSignal, told: (sent: number) => void): Promise<Response> {
  const { size } = file;
  const id = crypto.randomUUID();
  let at = 0;
  for (;;) {
    const end = Math.min(size, at + PART);
    const headers: Record<string, string> = { "content-type": "application/octet-stream" };
    if (size > PART) {
      headers["content-range"] = `bytes ${at}-${end - 1}/${size}`;
      headers["upload-id"] = id; // another upload of this name writes into a file of its own
    }
    if (!replace) headers["if-none-match"] = "*";
    const answer = await patiently(() => put(path, file.slice(at, end), headers, signal), signal);
    at = end;
    told(at);
    if (!answer.ok || at >= size) return answer;
  }
}

function put(path: string, body: Blob, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
  return ask(fileAddress(path), { method: "PUT", body, headers, signal });
}

/** Tries again while the server is out of reach: a part that comes twice does no harm. */
async function patiently(call: () => Promise<Response>, signal: AbortSignal): Promise<Response> {
  for (let tries = 1; ; tries++)
    try {
      return await call();
    } catch (error) {
      if (signal.aborted || tries >= TRIES) throw error;
      await new Promise(resolve => setTimeout(resolve, RETRY_MS));
    }
}
