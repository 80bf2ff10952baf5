import { ViewportPortal } from "@xyflow/react";
import type { Guide } from "./snapping";

/** Lines that say what a dragged node is in line with. */
export function Guides({ guides }: { readonly guides: readonly Guide[] }) {
  if (guides.length === 0) return null;
  return (
    <ViewportPortal>
      <svg className="fb-guides" aria-hidden="true">
        {guides.map(({ axis, at, from, to }) =>
          axis === "x" ? (
            <line key={axis} x1={at} x2={at} y1={from} y2={to} />
          ) : (
            <line key={axis} x1={from} x2={to} y1={at} y2={at} />
          ),
        )}
      </svg>
    </ViewportPortal>
  );
}
