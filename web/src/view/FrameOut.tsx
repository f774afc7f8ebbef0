/** Active output: a sealed frame, made when it comes near the screen. */
import { useEffect, useRef, useState } from "preact/hooks";
import { type Guest, SealedFrame } from "../render/frame.ts";
import { isDark, theme } from "../store/settings.ts";
import { t } from "../text/en.ts";
import { Icon } from "./icons.tsx";

const NEAR = "800px";

export function FrameOut({ guest }: { guest: Guest }) {
  const host = useRef<HTMLDivElement>(null);
  const frame = useRef<SealedFrame | null>(null);
  const [trouble, setTrouble] = useState<"escaped" | "silent" | null>(null);
  const chosen = theme.value;
  useEffect(() => {
    const place = host.current;
    if (place === null || trouble !== null) return;
    const near = new IntersectionObserver(
      entries => {
        if (!entries.some(entry => entry.isIntersecting)) return;
        near.disconnect();
        frame.current = new SealedFrame(guest, t.sealed, isDark, setTrouble);
        place.append(frame.current.element);
      },
      { rootMargin: NEAR },
    );
    near.observe(place);
    return () => {
      near.disconnect();
      frame.current?.destroy();
      frame.current = null;
    };
  }, [guest.body, guest.type, trouble]);
  useEffect(() => frame.current?.themed(), [chosen]);
  if (trouble !== null)
    return (
      <div class="banner warn" role="status">
        <Icon name="lock" />
        <div class="banner-text">
          <p>{trouble === "escaped" ? t.escaped : t.frameFailed}</p>
        </div>
      </div>
    );
  return <div class="frame-host" ref={host} title={t.sealedNote} />;
}
