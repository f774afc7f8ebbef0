/** What a command is: a row of the table (commands.ts), or of a panel (side_panels.ts). */
import type { Verb } from "../rpc/schema.ts";
import type { Actions } from "../session/actions.ts";

/** One row of the table. Keys are spelled as `ui/keys.ts` does, several with ` | ` between them; a row without keys is in the palette only. */
export interface CommandRow {
  /** The right that it needs: who has less is not offered it. */
  readonly right: Verb;
  /** Whether it is offered now; a row without it always is. */
  readonly offered?: () => boolean;
  /** Keys that work wherever the focus is. */
  readonly both?: string;
  /** Keys of command mode. */
  readonly command?: string;
  /** Keys of the editor; empty for those that the editor has of its own. */
  readonly edit?: string;
  /** Its key in the set of Colab and VS Code, in both modes. */
  readonly colab?: string;
  run(actions: Actions): void;
}

export type Where = "command" | "edit" | "both";

/** A command with the keys that work in one place. */
export interface Command {
  readonly id: string;
  /** The row of the table that it is of. */
  readonly row: string;
  readonly right: Verb;
  readonly offered?: (() => boolean) | undefined;
  readonly keys: readonly string[];
  readonly where: Where;
  run(actions: Actions): void;
}
