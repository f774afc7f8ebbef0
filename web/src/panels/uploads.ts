/**
 * Files on their way to the server: whole when they are small, else in parts, so that a line that breaks costs one part and not all of it.
 *
 * Nothing that exists is replaced without asking: the request asks that the file is not there, and when it is, the person decides.
 */
import { signal } from "@preact/signals";
import { ask, fileAddress, refusalOf } from "../rpc/http.ts";
import { t } from "../text/en.ts";
import { toast } from "../ui/notices.ts";

export interface Upload {
  readonly key: number;
  readonly name: string;
  readonly path: string;
  readonly file: Blob;
  readonly sent: number;
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

/** Sends files into a folder. */
export function upload(files: Iterable<File>, folder: string): void {
  for (const file of files) {
    const path = folder === "" ? file.name : `${folder}/${file.name}`;
    const one: Upload = { key: nextKey++, name: file.name, path, file, sent: 0, taken: false };
    uploads.value = [...uploads.value, one];
    void run(one, false);
  }
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
  toast(t.files.uploadStopped(one.name));
}

async function run(one: Upload, replace: boolean): Promise<void> {
  const stopper = new AbortController();
  stops.set(one.key, stopper);
  try {
    const answer = await send(one, replace, stopper.signal);
    if (answer.status === 412 || answer.status === 409) change(one.key, { taken: true });
    else if (answer.ok) {
      drop(one.key);
      toast(t.files.uploaded(one.name));
    } else {
      drop(one.key);
      toast(t.files.uploadFailed(one.name, await refusalOf(answer)), { bad: true });
    }
  } catch (error) {
    if (stopper.signal.aborted) return;
    drop(one.key);
    toast(t.files.uploadFailed(one.name, error instanceof Error ? error.message : String(error)), { bad: true });
  }
}

/** Sends all parts; the answer to the last one, or to the first that was refused. */
async function send(one: Upload, replace: boolean, signal: AbortSignal): Promise<Response> {
  const { size } = one.file;
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
    const answer = await patiently(() => put(one.path, one.file.slice(at, end), headers, signal), signal);
    at = end;
    change(one.key, { sent: at });
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
