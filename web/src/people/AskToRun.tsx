/** What it means that somebody may run code: said where that is chosen, and asked before it is given to somebody who had less. */
import type { ComponentChildren } from "preact";
import { helpAddress } from "../session/route.ts";
import { s } from "../text/sharing.ts";
import { Icon } from "../ui/icons.tsx";

/** What it means for people who are named here, and what there is for those who are not trusted with it. */
export function NamedMeans() {
  return (
    <span>
      {s.namedMeans}{" "}
      <a href={helpAddress("jupyterhub")} target="_blank" rel="noopener">
        {s.namedElse}
      </a>
    </span>
  );
}

interface Props {
  readonly children: ComponentChildren;
  /** What the button says that gives it. */
  readonly act: string;
  onNo(): void;
  onYes(): void;
}

export function AskToRun({ children, act, onNo, onYes }: Props) {
  return (
    <div class="means strong" role="alert">
      <Icon name="warn" />
      {children}
      <span class="acts">
        <button type="button" class="btn" onClick={onNo}>
          {s.keep}
        </button>
        <button type="button" class="btn bad" onClick={onYes}>
          {act}
        </button>
      </span>
    </div>
  );
}
