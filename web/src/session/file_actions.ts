/** What a person does with the file of a notebook by a key or in the bar: saves it, names it. All else: document_actions.ts. */

import { folderOf } from "../model/paths.ts";
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
      if (state.is_saved) toast(t.savedAs(state.path ?? ""));
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
}
