/** Prints a session whole: waits until everything is drawn, also what the page draws only when it comes near the screen. */
import type { Output, StreamOutput } from "../model/types.ts";
import { SealedFrame } from "../outputs/sealed_frame.ts";
import { loadOmitted } from "../session/omitted_text.ts";
import type { SessionStore } from "../session/store.ts";
import { allDrawn } from "../ui/drawing.ts";
import { enterPaper, fitToPaper, leavePaper } from "../ui/paper.ts";

/** How far it is: `figures` of `all` are drawn. */
export interface Progress {
  readonly figures: number;
  readonly all: number;
}

const isCut = (output: Output): output is StreamOutput => output.kind === "stream" && output.omitted !== null;

/** Loads the text that is on the server alone. */
async function loadText(store: SessionStore): Promise<void> {
  for (const run of store.model.runs.values()) for (const output of run.outputs.filter(isCut)) await loadOmitted(store, run.id, output);
}

/** Draws all figures, one after the other: a browser draws a frame only when it is in sight. */
async function drawFigures(tell: (progress: Progress) => void, isOver: () => boolean): Promise<void> {
  const done = new Set<SealedFrame>();
  for (;;) {
    const next = [...SealedFrame.shown].find(one => !done.has(one));
    if (next === undefined || isOver()) return;
    tell({ figures: done.size, all: SealedFrame.shown.size });
    next.element.scrollIntoView({ block: "start" });
    await next.settle(true);
    done.add(next);
    await allDrawn();
  }
}

async function picturesDrawn(): Promise<void> {
  const roots = [...document.querySelectorAll(".html")].map(host => host.shadowRoot).filter(root => root !== null);
  const pictures = [document, ...roots].flatMap(root => [...root.querySelectorAll("img")]);
  await Promise.allSettled(pictures.filter(one => one.getAttribute("src") !== null).map(one => one.decode()));
  await document.fonts.ready;
}

/**
 * Prints the session.
 *
 * Args:
 *   store: the session.
 *   tell: is told how far it is.
 *   end: called when it was printed, or not.
 *   fail: called with what went wrong.
 *
 * Returns: what ends it, printed or not, and makes the page what it was.
 */
export function printWhole(
  store: SessionStore,
  tell: (progress: Progress) => void,
  end: () => void,
  fail: (why: unknown) => void,
): () => void {
  let isOver = false;
  const main = document.getElementById("main");
  const top = main?.scrollTop ?? 0;
  const stop = (): void => {
    if (isOver) return;
    isOver = true;
    removeEventListener("afterprint", end);
    leavePaper();
    for (const frame of SealedFrame.shown) void frame.settle(false);
    if (main !== null) main.scrollTop = top;
  };
  const run = async (): Promise<void> => {
    await allDrawn(); // the dialog that says so is there
    await loadText(store);
    if (isOver) return;
    enterPaper();
    await allDrawn();
    await drawFigures(tell, () => isOver);
    await picturesDrawn();
    if (isOver) return;
    fitToPaper();
    addEventListener("afterprint", end);
    document.documentElement.classList.add("drawn");
    print();
  };
  run().catch(fail);
  return () => {
    document.documentElement.classList.remove("drawn");
    stop();
  };
}
