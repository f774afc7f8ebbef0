/** A component that is loaded when it is first drawn. Until then, and while it loads, its place is empty. */
import type { ComponentType, FunctionComponent } from "preact";
import { useEffect, useState } from "preact/hooks";
import { complain } from "../store/ui.ts";

export function lazily<Props extends object>(load: () => Promise<ComponentType<Props>>): FunctionComponent<Props> {
  let loaded: ComponentType<Props> | null = null;
  return function Lazily(props: Props) {
    const [, refresh] = useState(0);
    useEffect(() => {
      if (loaded !== null) return;
      load().then(one => {
        loaded = one;
        refresh(1);
      }, complain);
    }, []);
    const Loaded = loaded;
    return Loaded === null ? null : <Loaded {...props} />;
  };
}
