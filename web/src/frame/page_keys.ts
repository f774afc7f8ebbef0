/**
 * Keys of the page that are pressed in a frame: the guest leaves those to the page that the page has asked for and that the output has no use for.
 * What has handled a key has called `preventDefault`, or does so before it stops the event on its way; fields of widgets stop all keys, and use few.
 */
import { spelling } from "../ui/keys.ts";

export interface PageKeys {
  /** Sets the keys that the page asks for, as ui/keys.ts spells them. */
  set(keys: readonly string[]): void;
  /** The same as they are now. */
  now(): readonly string[];
}

export function watchKeys(pressed: (keys: string) => void): PageKeys {
  let wanted: readonly string[] = [];
  const give = (event: KeyboardEvent, keys: string): void => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    pressed(keys);
  };
  addEventListener(
    "keydown",
    event => {
      const keys = spelling(event);
      if (!event.isTrusted || event.isComposing || event.repeat || !wanted.includes(keys)) return;
      for (const name of ["stopPropagation", "stopImmediatePropagation"] as const) {
        const stop = event[name];
        event[name] = () => {
          stop.call(event);
          give(event, keys);
        };
      }
    },
    true,
  );
  addEventListener("keydown", event => {
    const keys = spelling(event);
    if (event.isTrusted && !event.isComposing && !event.repeat && wanted.includes(keys)) give(event, keys);
  });
  return {
    set(keys) {
      wanted = keys;
    },
    now: () => wanted,
  };
}
