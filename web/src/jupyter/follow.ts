/**
 * What JupyterLab and Notebook lack: they show the output of what they have asked for themselves, and of nothing else. So a page that is loaded again in the
 * middle of a run would stand still, and a run of webipy's page or of the command would not be seen. This shows it: a program of its own, in their pages.
 *
 *     kernel ──iopub──► notebook panel ──messages of executions that are not of this page──► outputs of the cell that they name
 *
 * The server names the cell in the metadata of `execute_input`, and sends a new page what runs from its beginning, so what is shown is whole. Their own part of
 * a notebook is touched by its public interfaces alone; where these are others (another version), nothing is followed, and all is as it was without this.
 */

/** A message of the kernel, as far as it is read here. */
export interface Message {
  readonly header: { readonly msg_type: string };
  readonly parent_header: { readonly msg_id?: string; readonly session?: string };
  readonly metadata: { readonly cellId?: string };
  // biome-ignore lint/suspicious/noExplicitAny: its shape depends on its type; other programs have made it
  readonly content: any;
}

interface Signal<T> {
  connect(slot: (sender: unknown, value: T) => void): void;
}

/** The outputs of a cell: nbformat's, one after the other. */
export interface OutputsModel {
  add(output: object): number;
  set(index: number, output: object): void;
  clear(wait?: boolean): void;
}

export interface CodeCell {
  readonly model: {
    readonly id: string;
    readonly outputs?: OutputsModel;
    executionCount?: number | null;
    executionState?: string;
  };
}

export interface Panel {
  readonly content: { readonly widgets: readonly CodeCell[] };
  readonly sessionContext: {
    readonly session: { readonly kernel: { readonly clientId: string } | null } | null;
    readonly iopubMessage: Signal<Message>;
  };
}

export interface App {
  readonly docRegistry: { addWidgetExtension(factory: string, extension: { createNew(panel: Panel): unknown }): unknown };
}

/** An execution that somebody else has asked for, in a cell of this notebook. */
interface Followed {
  readonly cell: CodeCell;
  readonly outputs: OutputsModel;
  readonly count: number;
  /** Where displays that are updated stand. */
  readonly displays: Map<string, number[]>;
}

const OUTPUTS = ["stream", "display_data", "execute_result", "error"];

/** Follows what others run in one notebook. */
export class Follower {
  readonly #runs = new Map<string, Followed>();

  constructor(readonly panel: Panel) {}

  take(message: Message): void {
    const { msg_id: id, session } = message.parent_header;
    const kernel = this.panel.sessionContext.session?.kernel;
    if (id === undefined || !kernel || session === kernel.clientId) return;
    const kind = message.header.msg_type;
    if (kind === "execute_input") this.#begin(id, message);
    const run = this.#runs.get(id);
    if (run === undefined) return;
    if (OUTPUTS.includes(kind)) this.#add(run, kind, message.content);
    else if (kind === "update_display_data") update(run, message.content);
    else if (kind === "clear_output") run.outputs.clear(message.content.wait === true);
    else if (kind === "status" && message.content.execution_state === "idle") this.#end(id, run);
  }

  #begin(id: string, { metadata, content }: Message): void {
    const cell = this.panel.content.widgets.find(one => one.model.id === metadata.cellId);
    const outputs = cell?.model.outputs;
    if (cell === undefined || outputs === undefined) return;
    outputs.clear();
    cell.model.executionState = "running";
    this.#runs.set(id, { cell, outputs, count: content.execution_count, displays: new Map() });
  }

  #add({ outputs, displays }: Followed, kind: string, content: Message["content"]): void {
    const { transient, ...shown } = content;
    const at = outputs.add({ output_type: kind, ...shown }) - 1;
    const name = transient?.display_id;
    if (typeof name === "string") displays.set(name, [...(displays.get(name) ?? []), at]);
  }

  #end(id: string, { cell, count }: Followed): void {
    this.#runs.delete(id);
    cell.model.executionCount = count;
    cell.model.executionState = "idle";
  }
}

function update({ outputs, displays }: Followed, { transient, data, metadata }: Message["content"]): void {
  for (const at of displays.get(transient?.display_id) ?? []) outputs.set(at, { output_type: "display_data", data, metadata });
}

/** Follows in every notebook that the page opens. */
export function follow(app: App): void {
  app.docRegistry.addWidgetExtension("Notebook", {
    createNew: panel => {
      const follower = new Follower(panel);
      panel.sessionContext.iopubMessage.connect((_, message) => follower.take(message));
      return { isDisposed: false, dispose: () => {} };
    },
  });
}
