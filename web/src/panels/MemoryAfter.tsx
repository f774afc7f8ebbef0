import type { KernelUsage } from "../rpc/schema.ts";
import { t } from "../text/en.ts";

/** How much memory a kernel has, after its state; the rest is in the title. */
export function MemoryAfter({ usage }: { usage: KernelUsage | undefined }) {
  if (usage === undefined) return null;
  return (
    <span class="unbroken" title={t.usage.all(usage)}>
      {t.usage.after(usage.memory_bytes)}
    </span>
  );
}
