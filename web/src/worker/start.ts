/** The entry of the service worker; the server has it at /push-worker.js. */
import { serve } from "./push_worker.ts";
import type { Scope } from "./scope.ts";

serve(self as unknown as Scope);
