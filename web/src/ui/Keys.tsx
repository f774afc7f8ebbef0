import { keyNames } from "./keys.ts";

/** A key, or keys pressed together or one after the other, as a person reads them. */
export function Keys({ keys }: { keys: string }) {
  return (
    <span class="keys">
      {keyNames(keys).map((key, at) => (
        <kbd class="kbd" key={at}>
          {key}
        </kbd>
      ))}
    </span>
  );
}
