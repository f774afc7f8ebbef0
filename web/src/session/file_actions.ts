/** What a person can do with the file of a notebook: save it, name it, decide a conflict, go back, and make other formats of it. */

import { folderOf } from "../model/paths.ts";
import { save as saveAs } from "../rpc/http.ts";
import type { ExportFormat, NotebookState } from "../rpc/schema.ts";
import { t } from "../text/en.ts";
import { attempt, complain, toast } from "../ui/notices.ts";
import type { SessionStore } from "./store.ts";

export class FileActions {
  constructor(readonly store: SessionStore) {}

  async #settled(): Promise<string> {
    await this.store.settled();
    return this.store.id;
  }

  /** Saves now; saving happens by itself too. */
  async save(): Promise<void> {
    const { store } = this;
    if (store.model.file === null) {
      toast(t.noFile);
      return;
    }
    try {
      const session = await this.#settled();
      const state = await store.connection.call("notebook.save", { session });
      this.#confirm(state);
    } catch (error) {
      complain(error);
    }
  }

  /** Writes the file in nbformat 4.5, with the ids of its cells. */
  async upgrade(): Promise<void> {
    try {
      await this.store.connection.call("notebook.save", { session: await this.#settled(), upgrade: true });
      toast(t.upgraded);
    } catch (error) {
      complain(error);
    }
  }

  #confirm(state: NotebookState): void {
    if (state.is_saved) toast(t.savedAs(state.path ?? ""));
  }

  /** Gives a session that has no file one. */
  async saveUnder(path: string): Promise<void> {
    try {
      const session = await this.#settled();
      this.#confirm(await this.store.connection.call("notebook.save", { session, path }));
    } catch (error) {
      complain(error);
    }
  }

  /** Decides a conflict for what is here; what the file held is kept beside it. */
  async keepMine(): Promise<void> {
    const conflict = this.store.model.file?.conflict ?? null;
    if (conflict === null) return;
    try {
      const session = await this.#settled();
      await this.store.connection.call("notebook.save", { session, overwrite: conflict.etag ?? "missing" });
      toast(conflict.etag === null ? t.keptDeleted : t.keptMine);
    } catch (error) {
      complain(error);
    }
  }

  /** Decides a conflict for the file; what was here stays in the history. */
  async takeTheirs(): Promise<void> {
    try {
      await this.store.connection.call("notebook.reload", { session: await this.#settled() });
      toast(t.tookTheirs);
    } catch (error) {
      complain(error);
    }
  }

  /** Another name for the file, or for a session without one. */
  rename(name: string): void {
    const { model, connection, id } = this.store;
    const wanted = name.trim();
    if (wanted === "") return;
    if (model.file === null) {
      if (wanted !== model.title) attempt(connection, connection.durable("session.rename", { session: id, title: wanted }));
      return;
    }
    const suffix = /\.[^./]+$/.exec(model.file.path)?.[0] ?? "";
    const to = folderOf(model.file.path) + (wanted.endsWith(suffix) ? wanted : wanted + suffix);
    if (to !== model.file.path) attempt(connection, connection.call("file.rename", { path: model.file.path, to }));
  }

  async checkpoint(name: string): Promise<void> {
    try {
      await this.store.connection.call("notebook.checkpoint", { session: await this.#settled(), checkpoint: name });
      toast(t.checkpointMade(name));
    } catch (error) {
      complain(error);
    }
  }

  /** Makes the document, or one cell of it, be as it was after event `seq`, and says so; that is a change like any other. */
  async restore(seq: number, said: string, cell: string | null = null): Promise<void> {
    try {
      await this.store.connection.call("notebook.restore", { session: await this.#settled(), seq, time: null, cell });
      toast(said);
    } catch (error) {
      complain(error);
    }
  }

  /** Makes another format on the server and saves it on this machine. */
  async export(format: ExportFormat): Promise<void> {
    toast(t.exporting);
    try {
      const made = await this.store.connection.call("notebook.export", { session: await this.#settled(), format });
      await saveAs(made.url, made.name);
    } catch (error) {
      complain(error);
    }
  }
}
