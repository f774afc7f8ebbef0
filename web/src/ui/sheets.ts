/** Style sheets that are fetched when what they style is first shown. */
import { inside } from "../rpc/base_url.ts";

const sheets = new Map<string, Promise<void>>();

/** Fetches a style sheet of this server, once. What it styles can be shown when it is there, and also when it cannot be had. */
export function needSheet(address: string): Promise<void> {
  const known = sheets.get(address);
  if (known !== undefined) return known;
  const came = new Promise<void>(resolve => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = inside(address);
    link.onload = () => resolve();
    link.onerror = () => {
      sheets.delete(address);
      link.remove();
      resolve();
    };
    document.head.append(link);
  });
  sheets.set(address, came);
  return came;
}
