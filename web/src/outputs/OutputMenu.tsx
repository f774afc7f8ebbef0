/** The menu of an output, which opens as soon as it is there. */
import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { JsonMap } from "../rpc/schema.ts";
import { t } from "../text/en.ts";
import { r } from "../text/rich.ts";
import { Menu } from "../ui/Menu.tsx";
import type { MenuRow } from "../ui/menu_rows.ts";
import { complain } from "../ui/notices.ts";
import type { Dressed } from "./dressed.ts";
import { useOutputAddress } from "./place.ts";

type CopySave = typeof import("./copy_save.ts");

/** Does something of copy_save.ts, which is loaded when it is first needed. */
function withCopySave(act: (copySave: CopySave) => unknown): void {
  import("./copy_save.ts").then(act).catch(complain);
}

/** `output-of-cell-3` of `Output, output of cell 3`: what files of it are called. */
const fileName = (label: string): string => {
  const words = label.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.filter((word, at) => word !== words[at - 1]).join("-") || "output";
};

export function OutputMenu({ label, kind, content, isTable = false, output }: Dressed & { output: RefObject<HTMLElement | null> }) {
  const place = useRef<HTMLDivElement>(null);
  const address = useOutputAddress();
  useLayoutEffect(() => place.current?.querySelector("button")?.click(), []);
  const rows = (): MenuRow[] => {
    const isText = typeof content === "function" || Object.keys(content).every(form => form === "text/plain");
    const data = (): JsonMap => (typeof content === "function" ? { "text/plain": content() } : content);
    const name = fileName(label);
    const on = (act: (copySave: CopySave, element: Element) => unknown) => (): void =>
      withCopySave(copySave => output.current !== null && act(copySave, output.current));
    return [
      { title: isTable ? r.copyTable : r.copy, run: on((copySave, at) => copySave.copyOutput(data(), at)) },
      isTable && { title: r.copyCsv, run: on((copySave, at) => copySave.copyCsv(at)) },
      { title: r.save(kind), run: on(copySave => copySave.saveOutput(data(), name)) },
      isTable && { title: r.saveCsv, run: on((copySave, at) => copySave.saveCsv(at, name)) },
      isText && address !== null && { title: t.inTabTitle, run: () => void window.open(address, "_blank", "noopener") },
      document.fullscreenEnabled && { title: r.fullScreen, run: on((copySave, at) => copySave.fullScreen(at)) },
    ];
  };
  return (
    <div class="tools" ref={place}>
      <Menu label={t.outputMenu(label)} className="tools-button" items={rows}>
        {null}
      </Menu>
    </div>
  );
}
