// @vitest-environment happy-dom
import { beforeEach, describe, expect, test, vi } from "vitest";
import { type Audience, type Screen, TerminalLink } from "../../src/home/terminal_link.ts";
import type { Connection, Phase } from "../../src/rpc/connection.ts";
import { LineLost, type Notification } from "../../src/rpc/messages.ts";

/** A connection that notes calls; each is answered by the test. */
class FakeLine {
  phase: Phase = "live";
  readonly calls: { method: string; params: Record<string, unknown>; resolve(value: unknown): void; reject(error: unknown): void }[] = [];
  notify: (one: Notification) => void = () => {};
  enter: (phase: Phase) => void = () => {};
  call(method: string, params: Record<string, unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => this.calls.push({ method, params, resolve, reject }));
  }
  onPhase(listener: (phase: Phase) => void): () => void {
    this.enter = listener;
    return () => {};
  }
  onNotification(listener: (one: Notification) => void): () => void {
    this.notify = listener;
    return () => {};
  }
  last(method: string): FakeLine["calls"][number] {
    const found = this.calls.filter(one => one.method === method).at(-1);
    if (found === undefined) throw new Error(`no call of ${method}`);
    return found;
  }
}

const settled = (): Promise<void> => new Promise(resolve => setTimeout(resolve));

let line: FakeLine;
let shown: string;
let drawn: (() => void)[];
let audience: { [name in keyof Audience]: ReturnType<typeof vi.fn> };
let link: TerminalLink;

const output = (at: number, text: string): Notification => ({
  method: "terminal_output",
  params: { terminal: "1", at, end: at + text.length, text },
});

async function subscribed(first: number, live: number, restore: string | null, skipped = 0): Promise<void> {
  line.last("terminal.subscribe").resolve({ terminal: { id: "1", started: "then", ended: null }, first, live, restore, skipped });
  await settled();
}

beforeEach(() => {
  line = new FakeLine();
  shown = "";
  drawn = [];
  const screen: Screen = {
    write: (text, done) => {
      shown += text;
      drawn.push(done);
    },
    reset: () => {
      shown = "";
    },
  };
  audience = { changed: vi.fn(), lost: vi.fn(), unsent: vi.fn(), skipped: vi.fn(), stalled: vi.fn(), gone: vi.fn(), failed: vi.fn() };
  link = new TerminalLink(line as unknown as Connection, "1", screen, audience as unknown as Audience);
  link.open();
});

describe("reading", () => {
  test("goes on where it was, each byte once", async () => {
    await subscribed(0, 0, "");
    line.notify(output(0, "abc"));
    line.notify(output(0, "abc"));
    line.enter("live");
    expect(line.last("terminal.subscribe").params).toEqual({ terminal: "1", since: 3, started: "then" });
    await subscribed(3, 5, null);
    line.notify(output(3, "de"));
    expect(shown).toBe("abcde");
  });
  test("begins anew with what restores the modes, and says what is missing", async () => {
    await subscribed(0, 0, "");
    line.notify(output(0, "abc"));
    line.enter("live");
    await subscribed(10, 12, "\x1b[?1049h", 7);
    line.notify(output(10, "xy"));
    expect(shown).toBe("\x1b[?1049hxy");
    expect(audience.skipped).toHaveBeenCalledWith(7);
  });
  test("acknowledges what is drawn, and no more", async () => {
    await subscribed(0, 0, "");
    const text = "x".repeat(70_000);
    line.notify(output(0, text));
    expect(line.calls.some(one => one.method === "terminal.acknowledge")).toBe(false);
    for (const done of drawn) done();
    expect(line.last("terminal.acknowledge").params).toEqual({ terminal: "1", position: 70_000 });
  });
});

describe("typing", () => {
  test("is sent once, in order, and what is lost is said", async () => {
    await subscribed(0, 0, "");
    link.type("ls");
    link.type("\r");
    expect(line.calls.filter(one => one.method === "terminal.input").map(one => one.params.text)).toEqual(["ls", "\r"]);
    line.last("terminal.input").reject(new LineLost());
    await settled();
    expect(audience.lost).toHaveBeenCalledWith(1);
    line.enter("live");
    expect(line.calls.filter(one => one.method === "terminal.input")).toHaveLength(2);
  });
  test("does not happen without a line", () => {
    line.phase = "waiting";
    link.type("x");
    expect(audience.unsent).toHaveBeenCalled();
    expect(line.calls.some(one => one.method === "terminal.input")).toBe(false);
  });
  test("a large text goes in pieces, some at a time, and no character is cut", async () => {
    await subscribed(0, 0, "");
    const text = "😀".repeat(100_000);
    link.type(text);
    let sent = "";
    for (let at = 0; at < line.calls.length; at++) {
      const one = line.calls[at];
      if (one?.method !== "terminal.input") continue;
      sent += String(one.params.text);
      expect(() => encodeURIComponent(String(one.params.text))).not.toThrow();
      one.resolve({ dropped: false });
      await settled();
    }
    expect(sent).toBe(text);
  });
  test("answers to questions of the past are not sent", async () => {
    await subscribed(0, 5, "");
    line.notify(output(0, "12345"));
    link.type("\x1b[1;1R");
    expect(line.calls.some(one => one.method === "terminal.input")).toBe(false);
    for (const done of drawn) done();
    link.type("\x1b[1;1R");
    expect(line.last("terminal.input").params.automatic).toBe(true);
  });
});
