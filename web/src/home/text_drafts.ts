/**
 * What was typed into files and is not saved, kept in the browser's database: it outlives a reload and a crash of the browser.
 *
 * One record for each file, with the text that it began as, so that a change of the file meanwhile can be told from what was typed.
 */

import type { Encoding } from "../model/encodings.ts";
import { keyHere } from "../rpc/base_url.ts";

export interface Draft {
  readonly path: string;
  readonly text: string;
  /** What the file held when it was read. */
  readonly base: string;
  readonly etag: string;
  readonly encoding: Encoding;
}

const DATABASE = keyHere("webipy-files");
const TABLE = "drafts";

function wait<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

let database: Promise<IDBDatabase> | null = null;
function opened(): Promise<IDBDatabase> {
  if (database !== null) return database;
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(TABLE, { keyPath: "path" });
  database = wait(request);
  return database;
}

const table = async (mode: IDBTransactionMode): Promise<IDBObjectStore> =>
  (await opened()).transaction(TABLE, mode, { durability: "strict" }).objectStore(TABLE);

/** Where drafts are kept. Each rejects where the browser keeps nothing, as in private modes. */
export interface Drafts {
  get(path: string): Promise<Draft | undefined>;
  put(draft: Draft): Promise<unknown>;
  delete(path: string): Promise<unknown>;
}

export const drafts: Drafts = {
  get: async path => await wait<Draft | undefined>((await table("readonly")).get(path)),
  put: async draft => await wait((await table("readwrite")).put(draft)),
  delete: async path => await wait((await table("readwrite")).delete(path)),
};
