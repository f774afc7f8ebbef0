/** Figures of libraries: each in a sealed frame that has what it needs to draw them. */
import { useMemo } from "preact/hooks";
import type { Figure as FigureForm } from "../model/figure_forms.ts";
import type { JsonMap } from "../rpc/schema.ts";
import { bokehGuest } from "./bokeh.ts";
import { FrameOut } from "./FrameOut.tsx";

export interface FigureProps {
  readonly figure: FigureForm;
  readonly data: JsonMap;
  readonly revision: number;
}

export function Figure({ figure, data, revision }: FigureProps) {
  const guest = useMemo(
    () => (figure.kind === "bokeh" ? bokehGuest(data) : { type: figure.kind, body: data[figure.type] ?? null }),
    [data, figure.kind, figure.type],
  );
  return <FrameOut key={revision} guest={guest} />;
}
