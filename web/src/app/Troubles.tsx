/** What is wrong, or just was, above the cells: the version, the journal, the kernel, what is lost. */

import { useEffect, useState } from "preact/hooks";
import { isAttached, kernelState } from "../model/select.ts";
import type { CatchUp } from "../session/catch_up.ts";
import { connection, phase, restarted, server, updated } from "../session/connection.ts";
import type { Open } from "../session/open_session.ts";
import { guestOf, may } from "../session/permissions.ts";
import { selected } from "../session/selection.ts";
import { bannerWords } from "../text/banners.ts";
import { t } from "../text/en.ts";
import { clock } from "../text/format.ts";
import { AnsiText } from "../ui/AnsiText.tsx";
import { Banner } from "../ui/Banner.tsx";
import { Icon } from "../ui/icons.tsx";
import { complain } from "../ui/notices.ts";
import { dialog } from "../ui/page_state.ts";
import { FileBanners } from "./FileBanners.tsx";
import { AskBanner, RightBanner } from "./lazy_panels.tsx";

const BACK_MS = 6000;
const RESTART_MS = 15_000;

/** Opens the session that the page shows again, after somebody has closed it. */
function openAgain(session: string): void {
  connection
    .call("session.reopen", { session })
    .then(() => location.reload())
    .catch(complain);
}

function BackBanner({ open, caught }: { open: Open; caught: CatchUp }) {
  const [over, end] = useState(false);
  const restart = restarted.value;
  useEffect(() => {
    end(false);
    const timer = setTimeout(
      () => {
        end(true);
        restarted.value = null;
      },
      restart === null ? BACK_MS : RESTART_MS,
    );
    return () => clearTimeout(timer);
  }, [caught, restart]);
  if (over || caught.absence !== "offline") return null;
  if (restart !== null && !updated.value) {
    const state = kernelState(open.store.model);
    return (
      <Banner kind="sea" icon="history" bold={bannerWords.serverRestarted}>
        {bannerWords.allIsHere(clock(restart.at), caught.lines, caught.figures)}{" "}
        {state !== null && (state === "dead" ? bannerWords.kernelGone : bannerWords.kernelRuns)}
      </Banner>
    );
  }
  return (
    <Banner kind="sea" icon="history" bold={bannerWords.backOnline}>
      {bannerWords.caughtUp(caught.lines, caught.figures)}
    </Banner>
  );
}

/** The cells up to the selected one. */
function upTo({ store }: Open): string[] {
  return store.order.slice(0, store.indexOf(selected.value) + 1);
}

function KernelBanner({ open }: { open: Open }) {
  const { store, actions } = open;
  store.head.value;
  const { death, kernel, closed } = store.model;
  if (death === null || death.expected || kernel?.state !== "dead" || closed) return null;
  const attached = isAttached(store.model);
  return (
    <div class="banner bad tall" role="alert">
      <Icon name="power" />
      <div class="banner-text">
        <p>
          {attached ? (
            <>
              <b>{bannerWords.attachedGone(death.reason)}</b> {bannerWords.attachedGoneBody}
            </>
          ) : kernel.languageInfo === null ? (
            <>
              <b>{bannerWords.kernelFailed}</b> {death.reason}
            </>
          ) : (
            <>
              <b>{bannerWords.kernelStopped(death.reason)}</b> {bannerWords.kernelStoppedBody}
            </>
          )}
        </p>
        {death.tail.trim() !== "" && (
          <details>
            <summary>{bannerWords.lastWords}</summary>
            <AnsiText text={death.tail.trim()} />
          </details>
        )}
      </div>
      {may("execute") && (
        <span class="end">
          {attached ? (
            <button
              type="button"
              class="btn main"
              onClick={() => {
                dialog.value = "kernels";
              }}
            >
              {t.kernel.pick}
            </button>
          ) : (
            <>
              <button type="button" class="btn" onClick={() => void actions.runs.restart()}>
                {t.restart}
              </button>
              <button type="button" class="btn main" onClick={() => void actions.runs.restart(upTo(open))}>
                {bannerWords.restartRunAbove}
              </button>
            </>
          )}
        </span>
      )}
    </div>
  );
}

export function Troubles({ open }: { open: Open }) {
  const { store } = open;
  const caught = store.caughtUp.value;
  store.head.value;
  return (
    <>
      {phase.value === "live" && caught !== null && <BackBanner open={open} caught={caught} />}
      {updated.value && (
        <Banner
          kind="info"
          icon="info"
          bold={bannerWords.updated}
          end={
            <button type="button" class="btn main" onClick={() => location.reload()}>
              {bannerWords.reload}
            </button>
          }
        >
          {bannerWords.updatedBody}
        </Banner>
      )}
      {server.value?.degraded === true && (
        <Banner kind="bad" icon="warn" bold={bannerWords.degraded}>
          {bannerWords.degradedBody}
        </Banner>
      )}
      {store.model.closed && (
        <Banner
          kind="info"
          icon="info"
          bold={bannerWords.closed}
          end={
            guestOf.value === null && (
              <button type="button" class="btn" onClick={() => openAgain(open.store.id)}>
                {bannerWords.openAgain}
              </button>
            )
          }
        >
          {bannerWords.closedBody}
        </Banner>
      )}
      {!may("own") && <RightBanner open={open} />}
      <AskBanner open={open} may={may("own")} />
      <FileBanners open={open} />
      <KernelBanner open={open} />
      {store.model.lost.map(note => (
        <Banner key={note.seq} kind="warn" icon="warn" bold={bannerWords.outputLost(note.reason, note.count)} />
      ))}
    </>
  );
}
