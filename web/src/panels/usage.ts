/** What kernels use of the server's memory and processor: asked for every few seconds, and only while somebody sees it. */
import { useEffect, useState } from "preact/hooks";
import type { KernelUsage } from "../rpc/schema.ts";
import { connection, phase } from "../session/connection.ts";

const REFRESH_MS = 5000;

/** Asks at once and then again and again, while the line is up, the tab can be seen, and `on`; gives what asks now. */
export function useWhileSeen(everyMs: number, ask: () => void, on = true): () => void {
  const live = phase.value === "live" && on;
  const look = (): void => {
    if (connection.phase === "live" && !document.hidden) ask();
  };
  useEffect(() => {
    if (!live) return;
    look();
    const timer = setInterval(look, everyMs);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [live]);
  return look;
}

/** What kernels use, by session: of all sessions (null) or of one. What is not known is left out; the next answer may have it. */
export function useUsage(session: string | null, on = true): ReadonlyMap<string, KernelUsage> {
  const [found, set] = useState<ReadonlyMap<string, KernelUsage>>(new Map());
  const show = (kernels: readonly KernelUsage[]): void => set(new Map(kernels.map(one => [one.session, one])));
  useWhileSeen(
    REFRESH_MS,
    () => {
      connection.call("kernel.usage", { session }).then(
        answer => show(answer.kernels),
        () => show([]),
      );
    },
    on,
  );
  return found;
}
