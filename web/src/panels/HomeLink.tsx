import type { ComponentChildren } from "preact";
import { goTo, homeAddress } from "../session/route.ts";

/** A link to the files of a folder. */
export function HomeLink(props: { folder: string; className?: string; label?: string; current?: boolean; children: ComponentChildren }) {
  const address = homeAddress(props.folder);
  return (
    <a
      class={props.className}
      href={address}
      aria-label={props.label}
      aria-current={props.current === true ? "page" : undefined}
      onClick={event => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        goTo(address);
      }}
    >
      {props.children}
    </a>
  );
}
