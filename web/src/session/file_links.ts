/** Where a click on a file leads: to its folder, to its session, to a tab of its own, or onto the disk of whoever looks. */
import { fileAddress, save } from "../rpc/http.ts";
import type { File } from "../rpc/schema.ts";
import { complain } from "../ui/notices.ts";
import { openNotebook } from "./open_session.ts";
import { goTo, homeAddress } from "./route.ts";

/** What the browser can show by itself. */
const VIEWABLE = /\.(png|jpe?g|gif|webp|pdf|txt|md|py|r|jl|js|ts|json|ya?ml|toml|csv|tsv|log|sh|ini|cfg|html?|css|svg|xml|tex|rst)$/i;

/** Whether the browser can show a file of that name by itself. */
export const isViewable = (name: string): boolean => VIEWABLE.test(name);

/** The address that a click on an entry leads to. */
export function addressOf(file: Pick<File, "kind" | "path" | "name">): string {
  if (file.kind === "folder") return homeAddress(file.path);
  return `${fileAddress(file.path)}${isViewable(file.name) ? "?inline=1" : ""}`;
}

export function openFile(file: File): void {
  if (file.kind === "folder") goTo(homeAddress(file.path));
  else if (file.kind === "notebook") void openNotebook(file.path);
  else if (isViewable(file.name)) window.open(addressOf(file), "_blank", "noopener");
  else void save(fileAddress(file.path), file.name).catch(complain);
}
