/** What goes on as long as the page is open: the connection with its signals, and the session of the address bar. */
import { effect, untracked } from "@preact/signals";
import { startFeed } from "../outputs/widgets/feed.ts";
import { atHub, whyOut } from "../rpc/http.ts";
import { KEY } from "../rpc/login_key.ts";
import { Actions } from "../session/actions.ts";
import { connection, everLive, phase, restarted, server, updated } from "../session/connection.ts";
import { open } from "../session/open_session.ts";
import { setGuest, setRight } from "../session/permissions.ts";
import { goTo, homeAddress, type Route, route } from "../session/route.ts";
import { anchor, selected } from "../session/selection.ts";
import { goToHub, isBackFromHub, signingIn } from "../session/sign_in.ts";
import { SessionStore } from "../session/store.ts";
import { t } from "../text/en.ts";
import { complain, settle } from "../ui/notices.ts";
import { clockOffset, drawer, finding, pager, renaming } from "../ui/page_state.ts";

/** Leaves the session that was open, and opens the one of the page that is shown now. */
function showSession(next: Route): void {
  const left = open.value;
  open.value = null;
  left?.store.close();
  selected.value = null;
  anchor.value = null;
  finding.value = null;
  renaming.value = false;
  pager.value = null;
  drawer.value = false;
  if (next.page !== "session") return;
  const store = new SessionStore(connection, next.session);
  store.isReplaced = () => open.value !== null && open.value.store !== store && open.value.store.id === store.id;
  open.value = { store, actions: new Actions(store) };
  startFeed(store);
  store.open();
}

/** Opens the session of each page that is shown, from now on. */
export function followRoute(): void {
  effect(() => {
    const next = route.value;
    untracked(() => showSession(next));
  });
}

async function greet(): Promise<void> {
  const asked = Date.now();
  const facts = await connection.call("server.info", {});
  setRight(facts.verb);
  setGuest(facts.session);
  if (facts.home && server.value === null && route.value.page === "home" && route.value.folder === "") goTo(homeAddress(facts.home));
  clockOffset.value = Date.parse(facts.time) - (asked + Date.now()) / 2;
  const before = server.value?.started ?? null;
  if (before !== null && facts.started !== before) restarted.value = { at: Date.parse(facts.time) };
  updated.value = server.value !== null && server.value.version !== facts.version;
  server.value = updated.value && server.value !== null ? { ...facts, version: server.value.version } : facts;
}

const GREET_MS = 60_000;

/** Connects, and keeps the signals in step with the connection. */
export function connect(): void {
  connection.onPhase(now => {
    phase.value = now;
    if (now === "live") {
      settle("connection");
      everLive.value = true;
      signingIn.value = null;
      isBackFromHub();
      greet().catch(complain);
    } else if (now === "ended" && !everLive.value && !(atHub && signingIn.value === null && goToHub())) {
      signingIn.value ??= { message: atHub ? t.hubAgain : whyOut };
    }
  });
  addEventListener("storage", event => {
    if (event.key === KEY && event.newValue !== null && phase.value === "ended") connection.start(); // signed in again in another tab
  });
  addEventListener("online", () => connection.retryNow());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) connection.retryNow();
  });
  setInterval(() => {
    if (phase.value === "live" && !document.hidden) greet().catch(complain);
  }, GREET_MS);
  connection.start();
}
