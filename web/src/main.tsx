/** Boot: settings, the one-time code in the address, the line, the page. */
import { render } from "preact";
import { signIn } from "./api/http.ts";
import { applySettings } from "./store/settings.ts";
import { t } from "./text/en.ts";
import { connect, connection, follow, open, phase, route, signingIn } from "./view/app.ts";
import { LiveRegion, Toasts } from "./view/Foot.tsx";
import { Home } from "./view/Home.tsx";
import { Nothing } from "./view/Nothing.tsx";
import { SessionPage } from "./view/SessionPage.tsx";
import { SignIn } from "./view/SignIn.tsx";

function Page() {
  if (signingIn.value !== null) return <SignIn />;
  const session = open.value;
  const at = route.value;
  return (
    <>
      {at.page === "home" && <Home folder={at.folder} />}
      {at.page === "session" && session !== null && <SessionPage key={session.store.id} open={session} />}
      {at.page === "nowhere" && <Nothing title={t.nowhere} body={t.nowhereBody} />}
      <Toasts />
      <LiveRegion />
    </>
  );
}

/** Exchanges the one-time code of the address, if there is one; the address keeps no trace of it. True when it was taken. */
async function useCode(): Promise<boolean> {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code === null) return false;
  history.replaceState(null, "", location.pathname);
  try {
    const answer = await signIn({ code });
    if (!answer.ok && phase.value !== "live") signingIn.value = { message: answer.message || t.codeRefused };
    return answer.ok;
  } catch {
    signingIn.value = { message: t.signInUnreachable };
    return false;
  }
}

/** A fresh link that is opened in a tab which shows the page already only changes the fragment. */
async function linkOpened(): Promise<void> {
  if ((await useCode()) && phase.value !== "live") connection.start();
}

async function boot(): Promise<void> {
  applySettings();
  await useCode();
  follow();
  addEventListener("popstate", follow);
  const root = document.getElementById("root");
  if (root === null) throw new Error("the page has no root");
  render(<Page />, root);
  connect();
  addEventListener("hashchange", () => void linkOpened());
}

void boot();
