/**
 * The small menu of an output: copy, save, full screen. Its button shows when the pointer is over the output or the focus on it; the rest is made
 * when the button is pressed, since a notebook can have ten thousand outputs.
 */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { JsonMap } from "../rpc/schema.ts";
import { t } from "../text/en.ts";
import { r } from "../text/rich.ts";
import { Menu, type MenuRow } from "../ui/Menu.tsx";
import { complain } from "../ui/notices.ts";
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

interface Props {
  readonly label: string;
  readonly className?: string;
  /** What kind of thing it is, for “Save …”. */
  readonly kind: string;
  readonly children: ComponentChildren;
  /** The MIME bundle, or the text. */
  readonly content: JsonMap | (() => string);
  readonly isTable?: boolean;
}

/** A menu that opens as soon as it is there. */
function OpenMenu({ label, items }: { label: string; items: readonly MenuRow[] }) {
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => place.current?.querySelector("button")?.click(), []);
  return (
    <div class="tools" ref={place}>
      <Menu label={label} className="tools-button" items={items}>
        {null}
      </Menu>
    </div>
  );
}

export function Tools({ label, className = "", kind, content, isTable = false, children }: Props) {
  const element = useRef<HTMLDivElement>(null);
  const [used, use] = useState(false);
  const address = useOutputAddress();
  const isText = typeof content === "function" || Object.keys(content).every(form => form === "text/plain");
  const data = (): JsonMap => (typeof content === "function" ? { "text/plain": content() } : content);
  const name = fileName(label);
  const on = (act: (copySave: CopySave, element: Element) => unknown) => (): void =>
    withCopySave(copySave => element.current !== null && act(copySave, element.current));
  const items: MenuRow[] = [
    { title: isTable ? r.copyTable : r.copy, run: on((copySave, at) => copySave.copyOutput(data(), at)) },
    isTable && { title: r.copyCsv, run: on((copySave, at) => copySave.copyCsv(at)) },
    { title: r.save(kind), run: on(copySave => copySave.saveOutput(data(), name)) },
    isTable && { title: r.saveCsv, run: on((copySave, at) => copySave.saveCsv(at, name)) },
    isText && address !== null && { title: t.inTabTitle, run: () => void window.open(address, "_blank", "noopener") },
    document.fullscreenEnabled && { title: r.fullScreen, run: on((copySave, at) => copySave.fullScreen(at)) },
  ];
  return (
    <div class={`output ${className}`} ref={element}>
      {children}
      {used ? (
        <OpenMenu label={r.menu(label)} items={items} />
      ) : (
        <button
          type="button"
          class="tools tools-button"
          aria-label={r.menu(label)}
          aria-haspopup="menu"
          aria-expanded={false}
          onClick={() => use(true)}
        />
      )}
    </div>
  );
}
