/**
 * The first thing that runs in a sealed frame, and the first in every frame inside of it: takes away what reaches the network past the policies.
 *
 * It holds in every realm that code can run in, because the frame's policy names one inline script by its hash, the guest that this file begins:
 *
 *     frame            policy: script-src 'sha256-GUEST' 'strict-dynamic' 'unsafe-eval'        guest, then what the guest runs
 *      └─ srcdoc       inherits it                                                             guest (nested.ts), or no script at all
 *
 * So a frame that an output makes runs nothing (no inline script, no handler, no `javascript:`), unless it begins with the guest. Nor can its parent
 * take a clean constructor out of it: a document in a sandbox has an origin of its own. Where the browser knows Connection-Allowlist (Chromium 152
 * and later) that header says no to all of it a second time.
 *
 * What only Connection-Allowlist closes: a navigation of the frame is stopped by the page's policy, but Chromium has looked the name up and connected
 * by then; links may ask for names to be looked up ahead of time (`preconnect`). The Navigation API tells an opaque origin of nothing.
 *
 * Rejected: wrapping every method that can insert a frame (there are dozens, and markup inserts them too); a MutationObserver (shadow roots).
 */

/** Peer connections know no policy but Connection-Allowlist. */
for (const name of Object.getOwnPropertyNames(window))
  if (/^(?:webkit|moz)?RTC/.test(name) && !Reflect.deleteProperty(window, name)) throw new Error(`${name} cannot be taken away.`);
