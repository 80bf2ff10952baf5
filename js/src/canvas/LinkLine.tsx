import { ViewportPortal } from "@xyflow/react";
import type { Point } from "../model/layout";
import { line } from "./path";

export interface LinkView {
  readonly start: Point;
  readonly end: Point;
  readonly ok: boolean | null;
}

/** The wire in the user's hand. */
export function LinkLine({ link }: { readonly link: LinkView | null }) {
  if (link === null) return null;
  return (
    <ViewportPortal>
      <svg className="fb-linking" aria-hidden="true">
        <path data-ok={link.ok ?? undefined} d={line(link.start, link.end, null).path} />
      </svg>
    </ViewportPortal>
  );
}
