/** JupyterLab, where it is installed beside webipy: its page shows the same documents. */
import { server } from "./connection.ts";
import { labAddress } from "./route.ts";

/** Whether it is installed. */
export const hasLab = (): boolean => server.value?.jupyterlab === true;

/** Opens a file there, in a tab of its own; its home for no file. */
export function openInLab(path: string): void {
  window.open(labAddress(path), "_blank", "noopener");
}
