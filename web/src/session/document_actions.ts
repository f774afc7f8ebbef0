/** What a person does with a document as a whole: gives it a file or another format, decides a conflict, names states and goes back to them. */

import { save as saveAs } from "../rpc/http.ts";
import type { ExportFormat } from "../rpc/schema.ts";
import { documentWords } from "../text/document.ts";
import { t } from "../text/en.ts";
import { complain, toast } from "../ui/notices.ts";
import type { SessionStore } from "./store.ts";

export class DocumentActions {
  constructor(readonly store: SessionStore) {}

  async #settled(): Promise<string> {
    await this.store.settled();
    return this.store.id;
  }

  /** Writes the file in nbformat 4.5, with the ids of its cells. */
  async upgrade(): Promise<void> {
    try {
      await this.store.connection.call("notebook.save", { session: await this.#settled(), upgrade: true });
      toast(documentWords.upgraded);
    } catch (error) {
      complain(error);
    }
  }

  /** Gives a session that has no file one. */
  async saveUnder(path: string): Promise<void> {
    try {
      const session = await this.#settled();
      const state = await this.store.connection.call("notebook.save", { session, path });
      if (state.is_saved) toast(t.savedAs(state.path ?? ""));
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
      toast(conflict.etag === null ? documentWords.keptDeleted : documentWords.keptMine);
    } catch (error) {
      complain(error);
    }
  }

  /** Decides a conflict for the file; what was here stays in the history. */
  async takeTheirs(): Promise<void> {
    try {
      await this.store.connection.call("notebook.reload", { session: await this.#settled() });
      toast(documentWords.tookTheirs);
    } catch (error) {
      complain(error);
    }
  }

  async checkpoint(name: string): Promise<void> {
    try {
      await this.store.connection.call("notebook.checkpoint", { session: await this.#settled(), checkpoint: name });
      toast(documentWords.checkpointMade(name));
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
    toast(documentWords.exporting);
    try {
      const made = await this.store.connection.call("notebook.export", { session: await this.#settled(), format });
      await saveAs(made.url, made.name);
    } catch (error) {
      complain(error);
    }
  }
}
