/** The picture of a person: two letters of the name, in their colour. */
import { colourOf, initialsOf } from "../model/people.ts";

export function Face({ person, name }: { person: string; name: string }) {
  return (
    <span class={`avatar p${colourOf(person)}`} aria-hidden="true">
      {initialsOf(name)}
    </span>
  );
}
