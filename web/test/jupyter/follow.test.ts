import { describe, expect, test } from "vitest";
import { type App, type CodeCell, follow, type Message, type Panel } from "../../src/jupyter/follow.ts";

/** Outputs as JupyterLab keeps them: texts of one stream are one output. */
class Outputs {
  list: { output_type: string; name?: string; text?: string; [name: string]: unknown }[] = [];
  waits = false;

  add(output: object): number {
    if (this.waits) this.list = [];
    this.waits = false;
    const [added, last] = [output as Outputs["list"][0], this.list.at(-1)];
    if (added.output_type === "stream" && last !== undefined && last.name === added.name) last.text = `${last.text}${added.text}`;
    else this.list.push({ ...added });
    return this.list.length;
  }

  set(index: number, output: object): void {
    this.list[index] = output as Outputs["list"][0];
  }

  clear(wait = false): void {
    this.waits = wait;
    if (!wait) this.list = [];
  }
}

function stage() {
  const outputs = new Outputs();
  const cell: CodeCell = { model: { id: "c1", outputs, executionCount: 1 } };
  let slot: (sender: unknown, message: Message) => void = () => {};
  const panel: Panel = {
    content: { widgets: [{ model: { id: "text" } }, cell] },
    sessionContext: {
      session: { kernel: { clientId: "us" } },
      iopubMessage: {
        connect: one => {
          slot = one;
        },
      },
    },
  };
  const app: App = {
    docRegistry: {
      addWidgetExtension: (factory, { createNew }) => {
        expect(factory).toBe("Notebook");
        createNew(panel);
      },
    },
  };
  follow(app);
  const say = (msg_type: string, content: unknown, id = "e1", session = "other", metadata = {}): void =>
    slot(null, { header: { msg_type }, parent_header: { msg_id: id, session }, metadata, content });
  return { outputs, cell, say };
}

describe("what others run", () => {
  test("is shown in its cell, from its beginning to its end", () => {
    const { outputs, cell, say } = stage();
    outputs.add({ output_type: "stream", name: "stdout", text: "of before" });
    say("execute_input", { execution_count: 7 }, "e1", "other", { cellId: "c1" });
    expect(cell.model.executionState).toBe("running");
    for (const line of [1, 2]) say("stream", { name: "stdout", text: `${line}\n` });
    say("display_data", { data: { "text/plain": "a" }, metadata: {}, transient: { display_id: "d" } });
    say("update_display_data", { data: { "text/plain": "b" }, metadata: {}, transient: { display_id: "d" } });
    say("error", { ename: "E", evalue: "", traceback: [] });
    say("status", { execution_state: "idle" });
    expect(outputs.list).toEqual([
      { output_type: "stream", name: "stdout", text: "1\n2\n" },
      { output_type: "display_data", data: { "text/plain": "b" }, metadata: {} },
      { output_type: "error", ename: "E", evalue: "", traceback: [] },
    ]);
    expect(cell.model).toMatchObject({ executionCount: 7, executionState: "idle" });
    say("stream", { name: "stdout", text: "late" });
    expect(outputs.list.length).toBe(3);
  });

  test("is cleared as it clears itself", () => {
    const { outputs, say } = stage();
    say("execute_input", { execution_count: 1 }, "e1", "other", { cellId: "c1" });
    for (const text of ["a", "b"]) {
      say("clear_output", { wait: true });
      say("stream", { name: "stdout", text });
    }
    expect(outputs.list).toEqual([{ output_type: "stream", name: "stdout", text: "b" }]);
    say("clear_output", { wait: false });
    expect(outputs.list).toEqual([]);
  });

  test("is left alone where it is the page's own, of no cell, or of none of these", () => {
    const { outputs, say } = stage();
    outputs.add({ output_type: "stream", name: "stdout", text: "kept" });
    for (const [session, metadata] of [
      ["us", { cellId: "c1" }],
      ["other", {}],
      ["other", { cellId: "gone" }],
      ["other", { cellId: "text" }],
    ] as const) {
      say("execute_input", { execution_count: 1 }, "e1", session, metadata);
      say("stream", { name: "stdout", text: "x" }, "e1", session);
    }
    expect(outputs.list).toEqual([{ output_type: "stream", name: "stdout", text: "kept" }]);
  });
});
