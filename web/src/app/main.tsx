/** Boot: settings, the one-time code in the address, the line, the page. */

import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { provideEditor } from "../cells/cell_editor.ts";
import { askOffer, signIn } from "../rpc/http.ts";
import { connection, everLive, phase } from "../session/connection.ts";
import { open, openNotebook } from "../session/open_session.ts";
import { guestOf } from "../session/permissions.ts";
import { goTo, replaceAddress, route, sessionAddress, showAddress, showReturn } from "../session/route.ts";
import { joining, signingIn } from "../session/sign_in.ts";
import { t } from "../text/en.ts";
import { LiveRegion, Toasts } from "../ui/Notices.tsx";
import { toast } from "../ui/notices.ts";
import { watchPrinting } from "../ui/paper.ts";
import { applySettings } from "../ui/settings.ts";
import { FilePage, GuestPage, HelpPage, Home, Nothing, OutputPage, Raw, SignIn, TerminalPage } from "./lazy_panels.tsx";
import { connect, followRoute } from "./lifecycle.ts";
import { SessionPage } from "./SessionPage.tsx";

function Page() {
  if (joining.value !== null) return <GuestPage which="Join" />;
  if (phase.value === "ended" && everLive.value && guestOf.value !== null) return <GuestPage which="Ended" />;
  if (signingIn.value !== null) return <SignIn />;
  const session = open.value;
  const at = route.value;
  return (
    <>
      {at.page === "home" && (guestOf.value === null ? <Home folder={at.folder} /> : <GuestPage which="GuestHome" />)}
      {at.page === "session" && session !== null && at.output === undefined && <SessionPage key={session.store.id} open={session} />}
      {at.page === "session" && session !== null && at.output !== undefined && <OutputPage open={session} place={at.output} />}
      {(at.page === "text" || at.page === "file") &&
        (guestOf.value === null ? (
          <FilePage key={at.path} path={at.path} view={at.page === "file" ? at.view : "text"} />
        ) : (
          <GuestPage which="GuestHome" />
        ))}
      {at.page === "terminal" &&
        (guestOf.value === null ? <TerminalPage key={at.terminal} id={at.terminal} /> : <GuestPage which="GuestHome" />)}
      {at.page === "help" && <HelpPage key={at.name} name={at.name} />}
      {at.page === "notebook" && phase.value === "live" && <ByPath key={at.path} path={at.path} />}
      {at.page === "raw" && phase.value === "live" && <Raw />}
      {at.page === "jupyter" && phase.value === "live" && <Raw jupyter={at.address} />}
      {at.page === "nowhere" && <Nothing title={t.nowhere} body={t.nowhereBody} />}
      <Toasts />
      <LiveRegion />
    </>
  );
}

/** The address of a notebook by its path: the session is found or made, and its address takes the place of this one. */
function ByPath({ path }: { path: string }) {
  const [failed, fail] = useState(false);
  useEffect(() => {
    const { hash } = location;
    void openNotebook(path, null, address => replaceAddress(address + hash)).then(() => fail(true));
  }, []);
  return failed ? <Nothing title={t.nowhere} body={t.nowhereBody} /> : null;
}

/** Exchanges the one-time code of the address, if there is one; the address keeps no trace of it. True when it was taken. */
async function useCode(): Promise<boolean> {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code === null) return false;
  history.replaceState(null, "", location.pathname + location.search);
  try {
    const answer = await signIn({ code });
    if (answer.ok && answer.notice !== undefined) toast(answer.notice);
    if (!answer.ok && phase.value !== "live") signingIn.value = { message: answer.message || t.codeRefused };
    return answer.ok;
  } catch {
    signingIn.value = { message: t.signInUnreachable };
    return false;
  }
}

/** Asks what the link in the address is for, if there is one; the address keeps no trace of it. Whoever is in already goes on. */
async function useShare(): Promise<boolean> {
  const given = new URLSearchParams(location.hash.slice(1));
  const invitation = given.get("invite");
  const secret = invitation ?? given.get("share");
  if (secret === null) return false;
  history.replaceState(null, "", location.pathname);
  if (invitation !== null) {
    joining.value = { secret, offer: "invitation", message: "" };
    return true;
  }
  try {
    const offer = await askOffer(secret);
    if (typeof offer === "string") joining.value = { secret, offer: null, message: offer };
    else if (!offer.is_in) joining.value = { secret, offer, message: "" };
    if (typeof offer !== "string" && location.pathname !== sessionAddress(offer.session)) goTo(sessionAddress(offer.session));
  } catch {
    joining.value = { secret, offer: null, message: t.signInUnreachable };
  }
  return true;
}

/** A fresh link that is opened in a tab which shows the page already only changes the fragment. */
async function linkOpened(): Promise<void> {
  if (await useShare()) return;
  if ((await useCode()) && phase.value !== "live") connection.start();
}

/** The way from the page to its icon is another one when the address bar shows another page: the browser may look for the icon again. */
function keepIcon(): void {
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (icon !== null) icon.setAttribute("href", icon.href);
}

async function boot(): Promise<void> {
  keepIcon();
  provideEditor(() => import("../code/editor.ts"));
  applySettings();
  await useCode();
  await useShare();
  showAddress();
  followRoute();
  addEventListener("popstate", showReturn);
  watchPrinting();
  const root = document.getElementById("root");
  if (root === null) throw new Error("the page has no root");
  render(<Page />, root);
  connect();
  addEventListener("hashchange", () => void linkOpened());
}

void boot();
