/** What a kernel is called, and what it does now, in words and as a dot. */
import { isAttached, kernelState, waitingCount, wantedKernel } from "../model/select.ts";
import type { Open } from "../session/open_session.ts";
import { t } from "../text/en.ts";

/** The kernel's state in words and as a dot. */
export function kernelWords({ store }: Open): { name: string; words: string; dot: string } {
  const { kernel } = store.model;
  const wanted = wantedKernel(store.model);
  if (kernel === null && wanted !== null) return { name: wanted.title, words: t.kernel.withFirstRun, dot: "off" };
  if (kernel === null) return { name: t.kernel.none, words: t.kernel.choose, dot: "off" };
  const queued = waitingCount(store.model);
  const state = kernelState(store.model) ?? kernel.state;
  const words = state === "busy" && queued > 0 ? t.kernel.busyQueued(queued) : t.kernel[state];
  const dot = { starting: "off", idle: "", busy: "busy", restarting: "busy", dead: "dead" }[state];
  const language = String(kernel.languageInfo?.name ?? "");
  const name = isAttached(store.model) ? t.kernel.attached(language) : kernel.displayName;
  return { name, words, dot };
}
