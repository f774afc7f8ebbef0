// @vitest-environment happy-dom
import { collab, getSyncedVersion, receiveUpdates, sendableUpdates, type Update } from "@codemirror/collab";
import { ChangeSet, EditorState } from "@codemirror/state";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { here, placeOf } from "../../src/code/cursors.ts";

const START = "one\ntwo 😀 three\n";
const fresh = (client: string): EditorState =>
  EditorState.create({ doc: START, extensions: [collab({ startVersion: 0, clientID: client })] });

/** Types `text` over some part. */
function typed(state: EditorState, from: number, length: number, text: string): EditorState {
  const at = from % (state.doc.length + 1);
  const to = Math.min(state.doc.length, at + length);
  return state.update({ changes: { from: at, to, insert: text }, selection: { anchor: at + text.length } }).state;
}

function selected(state: EditorState, anchor: number, head: number): EditorState {
  const within = (at: number): number => at % (state.doc.length + 1);
  return state.update({ selection: { anchor: within(anchor), head: within(head) } }).state;
}

/** Brings what is not sent to the log, and what is in the log to a state, as server and page do. */
function synced(state: EditorState, log: Update[]): EditorState {
  const missed = log.slice(getSyncedVersion(state));
  const now = missed.length === 0 ? state : state.update(receiveUpdates(state, missed)).state;
  const mine = sendableUpdates(now).map(({ clientID, changes }) => ({ clientID, changes: ChangeSet.fromJSON(changes.toJSON()) }));
  log.push(...mine);
  return mine.length === 0 ? now : now.update(receiveUpdates(now, mine)).state;
}

describe("the place of a caret", () => {
  test("that is not ahead of the server is what it is", () => {
    const state = selected(fresh("a"), 2, 6);
    expect(placeOf(state)).toEqual({ anchor: 2, head: 6, version: 0 });
    expect(here(fresh("b"), placeOf(state))).toEqual({ anchor: 2, head: 6 });
  });

  test("is told where the server's text has it, and found behind what was typed here", () => {
    const mine = typed(fresh("a"), 4, 0, "typed ");
    expect(placeOf(mine)).toEqual({ anchor: 4, head: 4, version: 0 });
    const theirs = typed(fresh("b"), 0, 0, "xx");
    expect(here(theirs, placeOf(mine))).toEqual({ anchor: 6, head: 6 });
  });

  test("in a version that has not come waits for it", () => {
    expect(here(fresh("b"), { anchor: 0, head: 0, version: 1 })).toBe(null);
  });

  test("is the same for both when both have everything, whatever was typed before", () => {
    const edits = fc.array(fc.record({ at: fc.nat(30), length: fc.nat(4), text: fc.constantFrom("", "a", "bc\n", "😀") }), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(edits, edits, fc.nat(40), fc.nat(40), (mine, theirs, anchor, head) => {
        const log: Update[] = [];
        let [a, b] = [fresh("a"), fresh("b")];
        for (const { at, length, text } of mine) a = typed(a, at, length, text);
        for (const { at, length, text } of theirs) b = typed(b, at, length, text);
        a = synced(a, log);
        b = synced(b, log);
        a = selected(synced(a, log), anchor, head);
        b = synced(b, log);
        expect(b.sliceDoc()).toBe(a.sliceDoc());
        const { main } = a.selection;
        expect(here(b, placeOf(a))).toEqual({ anchor: main.anchor, head: main.head });
      }),
    );
  });

  test("is always within the text, however far the two are apart", () => {
    const edits = fc.array(fc.record({ at: fc.nat(30), length: fc.nat(20), text: fc.constantFrom("", "a") }), { maxLength: 5 });
    fc.assert(
      fc.property(edits, fc.nat(1000), (theirs, at) => {
        let state = fresh("b");
        for (const { at: from, length, text } of theirs) state = typed(state, from, length, text);
        const place = here(state, { anchor: at, head: 0, version: 0 });
        expect(place?.anchor).toBeLessThanOrEqual(state.doc.length);
        expect(place?.anchor).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
