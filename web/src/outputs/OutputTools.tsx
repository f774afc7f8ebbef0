/**
 * The small menu of an output: copy, save, full screen. Its button shows when the pointer is over the output or the focus on it; the rest is made
 * when the button is pressed (OutputMenu.tsx), since a notebook can have ten thousand outputs.
 */
import { useRef, useState } from "preact/hooks";
import { t } from "../text/en.ts";
import { forActs, useLazy } from "../ui/lazy.ts";
import type { Dressed } from "./dressed.ts";

const menus = forActs(() => import("./OutputMenu.tsx"));

export function Tools(props: Dressed) {
  const { label, className = "", children } = props;
  const element = useRef<HTMLDivElement>(null);
  const [used, use] = useState(false);
  const menu = useLazy(menus, used);
  return (
    <div class={`output ${className}`} ref={element}>
      {children}
      {menu !== null ? (
        <menu.OutputMenu {...props} output={element} />
      ) : (
        <button
          type="button"
          class="tools tools-button"
          aria-label={t.outputMenu(label)}
          aria-haspopup="menu"
          aria-expanded={false}
          onClick={() => use(true)}
        />
      )}
    </div>
  );
}
