/**
 * Which notifications this browser has shown: one list for all of its pages and for the service worker, so that none shows what another has shown.
 *
 *     alone(look, show, note)   nobody else of this browser looks or shows in between
 *
 * It lies in IndexedDB, which a service worker can read, and pages of an address without HTTPS, too. A browser that keeps nothing has what this page knows.
 */
const NAME = "webipy-notified";
/** So many are remembered; the server forgets as many. */
const MOST = 1000;

const here = new Set<string>();

const done = <Value>(request: IDBRequest<Value>): Promise<Value> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("no database"));
  });

/** Works on the list; null where the browser keeps none. */
async function listed<Value>(mode: IDBTransactionMode, work: (ids: IDBObjectStore) => Promise<Value>): Promise<Value | null> {
  try {
    const opening = indexedDB.open(NAME, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("ids", { autoIncrement: true }).createIndex("id", "");
    const database = await done(opening);
    try {
      return await work(database.transaction("ids", mode).objectStore("ids"));
    } finally {
      database.close();
    }
  } catch {
    return null; // no storage, or a full one: at worst one comes twice
  }
}

/** Whether a notification was shown in this browser. */
export async function wasShown(id: string): Promise<boolean> {
  return here.has(id) || ((await listed("readonly", ids => done(ids.index("id").count(id)))) ?? 0) > 0;
}

/** Notes that one was shown; the oldest are forgotten. */
export async function remember(id: string): Promise<void> {
  here.add(id);
  await listed("readwrite", async ids => {
    await done(ids.add(id));
    const keys = await done(ids.getAllKeys());
    for (const key of keys.slice(0, -MOST)) await done(ids.delete(key));
  });
}

/** Runs what looks, shows and notes, with no page of this browser and no service worker in between. */
export function alone(work: () => Promise<void>): Promise<void> {
  const { navigator: browser } = globalThis as { navigator?: { locks?: LockManager | null } };
  const locks = browser?.locks ?? null; // there only where the address is HTTPS, or of this machine
  return locks === null ? work() : Promise.resolve(locks.request(NAME, work)).then(() => undefined);
}
