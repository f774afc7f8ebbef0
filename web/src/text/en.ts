/** Every sentence that the page can say from its start, in one object; what comes later has a file of its own beside this one. */

import { app } from "./app.ts";
import { cells } from "./cells.ts";
import { outputs } from "./outputs.ts";
import { panels } from "./panels.ts";
import { session } from "./session.ts";
import { shared } from "./shared.ts";

export const t = { ...shared, ...session, ...outputs, ...cells, ...panels, ...app } as const;
