/**
 * Code that is fetched when it is first wanted. This is the one place that decides how: a module once for all who want it, again after a
 * failure, and nothing drawn until it is there.
 */
import { type ComponentType, type FunctionComponent, h } from "preact";
import { useEffect, useState } from "preact/hooks";
import { drawing } from "./drawing.ts";
import { complain } from "./notices.ts";

/** A module that `load` imports when it is first fetched. */
export class LazyModule<Module> {
  /** The module, as soon as it is there. */
  loaded: Module | null = null;
  #fetching: Promise<Module> | null = null;

  constructor(readonly load: () => Promise<Module>) {}

  /** The module, once its code has come. Rejects when the code is out of reach; the next call tries again. */
  fetch(): Promise<Module> {
    this.#fetching ??= drawing(this.load()).then(
      module => {
        this.loaded = module;
        return module;
      },
      (error: unknown) => {
        this.#fetching = null;
        throw error;
      },
    );
    return this.#fetching;
  }
}

/**
 * The module for a component, or null until it is there.
 *
 * Args:
 *   module: what to fetch.
 *   wanted: whether to fetch it; while false, null.
 */
export function useLazy<Module>(module: LazyModule<Module>, wanted = true): Module | null {
  const [, refresh] = useState(0);
  const { loaded } = module;
  useEffect(() => {
    // Between drawing and here somebody else's fetch may have ended: so what counts is what was drawn, not what is there now.
    if (wanted && loaded === null) module.fetch().then(() => refresh(count => count + 1), complain);
  }, [module, wanted]);
  return wanted ? loaded : null;
}

/** A component whose code is fetched when it is first drawn. Until then its place is empty. */
export function lazily<Props extends object>(
  load: LazyModule<ComponentType<Props>> | (() => Promise<ComponentType<Props>>),
): FunctionComponent<Props> {
  const module = load instanceof LazyModule ? load : new LazyModule(load);
  return function Lazily(props: Props) {
    const Loaded = useLazy(module);
    return Loaded === null ? null : h(Loaded, props);
  };
}
