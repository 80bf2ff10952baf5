import { type KeyboardEvent, type PointerEvent, useRef } from "react";

const STEP = 16;

interface ResizerProps {
  /** What becomes larger or smaller. */
  readonly label: string;
  readonly size: number;
  readonly least: number;
  readonly most: number;
  readonly usual: number;
  /** The side of the canvas at which it is. */
  readonly at: "left" | "right" | "bottom";
  readonly onSize: (size: number) => void;
}

/** The edge of a panel, to be dragged or pushed with arrow keys; a double click puts it back. */
export function Resizer({ label, size, least, most, usual, at, onSize }: ResizerProps) {
  const from = useRef<{ readonly at: number; readonly size: number } | null>(null);
  const lying = at === "bottom";
  const place = (event: PointerEvent) => (lying ? event.clientY : event.clientX);
  const put = (next: number) => onSize(Math.round(Math.min(most, Math.max(least, next))));
  const outwards = at === "left" ? 1 : -1;
  const keys = (event: KeyboardEvent) => {
    const grow = { left: "ArrowRight", right: "ArrowLeft", bottom: "ArrowUp" }[at];
    const shrink = { left: "ArrowLeft", right: "ArrowRight", bottom: "ArrowDown" }[at];
    if (event.key === grow) put(size + STEP);
    else if (event.key === shrink) put(size - STEP);
    else if (event.key === "Home") put(least);
    else if (event.key === "End") put(most);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a separator with a value is no line between texts
    <div
      className="fb-resizer"
      data-at={at}
      role="separator"
      aria-label={label}
      aria-orientation={lying ? "horizontal" : "vertical"}
      aria-valuenow={size}
      aria-valuemin={least}
      aria-valuemax={most}
      tabIndex={0}
      onKeyDown={keys}
      onDoubleClick={() => onSize(usual)}
      onPointerDown={(event) => {
        from.current = { at: place(event), size };
        event.currentTarget.setPointerCapture(event.pointerId);
        event.preventDefault();
      }}
      onPointerMove={(event) => {
        if (from.current !== null)
          put(from.current.size + outwards * (place(event) - from.current.at));
      }}
      onPointerUp={() => {
        from.current = null;
      }}
    />
  );
}
