/** The source of a definition that the dialog shows. */
import { signal } from "@preact/signals";
import type { Definition } from "../rpc/schema.ts";

export const shownSource = signal<Definition | null>(null);
