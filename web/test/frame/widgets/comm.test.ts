import { describe, expect, test } from "vitest";
import type { Part } from "../../../src/frame/protocol.ts";
import { FrameComm } from "../../../src/frame/widgets/comm.ts";
import type { Json } from "../../../src/rpc/schema.ts";

const part = (value: Json): Part => ({ value, buffers: [] });
describe("the comm in a frame", () => {
  test("what was set here is not undone by what the page said before it heard", () => {
    const posted: unknown[] = [];
    const comm = new FrameComm("c", message => posted.push(message));
    const got: unknown[] = [];
    comm.on_msg(message => got.push((message as { content: { data: { state: unknown } } }).content.data.state));
    comm.begin();
    let idle = 0;
    comm.send({ method: "update", state: { value: 5 }, buffer_paths: [] }, { iopub: { status: () => idle++ } });
    comm.state({ value: part(4), other: part(1) }, 0);
    expect([got, idle]).toEqual([[{ other: 1 }], 0]);
    comm.state({}, 1);
    expect([got.length, idle]).toEqual([1, 1]);
    comm.state({ value: part(6) }, 1);
    comm.model = { _msg_buffer: { value: 8 } };
    comm.state({ value: part(7) }, 1);
    expect(got).toEqual([{ other: 1 }, { value: 6 }]);
    expect(posted).toEqual([{ webipy: "set", comm: "c", state: { value: part(5) }, number: 1 }]);
  });

  test("binary data goes both ways", () => {
    const posted: { buffers?: string[] }[] = [];
    const comm = new FrameComm("c", message => posted.push(message as { buffers?: string[] }));
    comm.send({ method: "custom", content: {} }, undefined, {}, [new Uint8Array([1, 2, 3]).subarray(1)]);
    expect(posted[0]?.buffers).toEqual(["AgM="]);
    let got: DataView[] = [];
    comm.on_msg(message => {
      got = (message as { buffers: DataView[] }).buffers;
    });
    comm.custom({}, ["AgM="]); // before the model is there
    expect(got).toEqual([]);
    comm.begin();
    expect([...new Uint8Array(got[0]?.buffer ?? new ArrayBuffer(0))]).toEqual([2, 3]);
  });
});
