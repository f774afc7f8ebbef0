/** What is being drawn now, for whoever needs the whole page drawn: printing. */
const underWay = new Set<Promise<unknown>>();

/** Notes that a part of the page is there when `work` is done; gives `work`. */
export function drawing<T>(work: Promise<T>): Promise<T> {
  underWay.add(work);
  const done = (): void => {
    underWay.delete(work);
  };
  work.then(done, done);
  return work;
}

/** Done after the next frame, and what the views do after it. */
const frame = (): Promise<void> => new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)));

/** Done when all of the page is drawn, and nothing that came with it is still to be drawn. */
export async function allDrawn(): Promise<void> {
  do {
    await Promise.allSettled([...underWay]);
    await frame();
    await frame();
  } while (underWay.size > 0);
}
