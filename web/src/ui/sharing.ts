/** The folder or file whose dialog is open that shares by name. */
import { signal } from "@preact/signals";

/** A folder or a file below the root. */
export interface Place {
  readonly path: string;
  readonly isFolder: boolean;
}

export const sharing = signal<Place | null>(null);

/** Opens the dialog. */
export function share(path: string, isFolder: boolean): void {
  sharing.value = { path, isFolder };
}

export function endSharing(): void {
  sharing.value = null;
}
