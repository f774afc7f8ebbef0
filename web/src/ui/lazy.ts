/**
 * Code that is fetched when it is first wanted. This is the one place that decides how: a module once for all who want it, again after a
 * failure, and nothing drawn until it is there.
 *
 *     forActs   what a person's acts need: one file, fetched in idle time before anybody asks
 *     lazily    a component that has a file of its own
 *
 * Both come with the style sheet of what is shown later than the cells (css/later.css).
 */
import { type ComponentType, type FunctionComponent, h } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../text/en.ts";
import { drawing } from "./drawing.ts";
import { complain } from "./notices.ts";
import { needSheet } from "./sheets.ts";

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
        // What a browser says names a file. A page that is open during an upgrade of the server asks for files that are gone.
        throw error instanceof TypeError ? new Error(t.notFetched, { cause: error }) : error;
      },
    );
    return this.#fetching;
  }
}

/** Imports a module together with the style sheet of what is shown later than the cells. */
export const styled =
  <Module>(load: () => Promise<Module>): (() => Promise<Module>) =>
  async () => {
    const [module] = await Promise.all([load(), needSheet(LATER_CSS)]);
    return module;
  };

const acts: LazyModule<unknown>[] = [];

/**
 * What the acts of a person need (menus, dialogs, notes), and not the first look at a page. The build puts all of it into one file (build.mjs), which
 * is fetched when the first act wants a part of it, and otherwise as soon as nothing else is to do (`fetchActs`).
 */
export function forActs<Module>(load: () => Promise<Module>): LazyModule<Module> {
  const module = new LazyModule(styled(load));
  acts.push(module);
  return module;
}

/** Fetches all that acts need. Rejects when some of it is out of reach; it is fetched again when it is wanted. */
export async function fetchActs(): Promise<void> {
  await Promise.all(acts.map(one => one.fetch()));
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
  const module = load instanceof LazyModule ? load : new LazyModule(styled(load));
  return function Lazily(props: Props) {
    const Loaded = useLazy(module);
    return Loaded === null ? null : h(Loaded, props);
  };
}
