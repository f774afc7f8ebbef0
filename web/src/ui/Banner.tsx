import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icons.tsx";

type Kind = "warn" | "bad" | "sea" | "info";

export function Banner(props: {
  kind: Kind;
  icon: IconName | "spin";
  bold: string;
  children?: ComponentChildren;
  end?: ComponentChildren;
}) {
  return (
    <div class={`banner ${props.kind}`} role={props.kind === "bad" ? "alert" : "status"}>
      {props.icon === "spin" ? <span class="spin" /> : <Icon name={props.icon} />}
      <div class="banner-text">
        <p>
          <b>{props.bold}</b> {props.children}
        </p>
      </div>
      {props.end !== undefined && <span class="end">{props.end}</span>}
    </div>
  );
}
