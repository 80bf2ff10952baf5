/** A picture in a frame: as large as it fits, at its own size, or as large as one likes. */
import {
  type KeyboardEvent,
  type PointerEvent,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import type { Point } from "../../model/layout";
import {
  fitScale,
  fitted,
  frameHeight,
  type Look,
  panned,
  type Size,
  STEP,
  settled,
  zoomed,
} from "../../model/zoom";
import type { ImagePreview } from "../../protocol/generated";

const PAN = 40;
const NOWHERE: Look = { x: 0, y: 0, scale: 1 };
const EMPTY: Size = { width: 0, height: 0 };
const FITS = 0.001;

export function Picture({ image }: { readonly image: ImagePreview }) {
  const frame = useRef<HTMLDivElement>(null);
  const drag = useRef<Point | null>(null);
  const [picture, setPicture] = useState<Size>(EMPTY);
  const [look, setLook] = useState<Look>(NOWHERE);
  const [fits, setFits] = useState(true);
  const width = useWidth(frame);
  const room: Size = { width, height: frameHeight(picture, width) };
  const shown = fits ? fitted(picture, room) : settled(look, picture, room);
  const change = (next: Look) => {
    setFits(Math.abs(next.scale - fitScale(picture, room)) < FITS);
    setLook(next);
  };
  const middle = { x: room.width / 2, y: room.height / 2 };
  const zoom = (by: number, at = middle) => change(zoomed(shown, by, at, picture, room));
  const actual = () => zoom(1 / shown.scale);
  useWheel(frame, (by, at) => zoom(by, at));

  const keys = (event: KeyboardEvent) => {
    const done = keyed(event.key, { zoom, actual, whole: () => setFits(true) });
    const by = ARROWS[event.key];
    if (!done && by === undefined) return;
    if (by !== undefined) change(panned(shown, by, picture, room));
    event.preventDefault();
    event.stopPropagation();
  };
  const move = (event: PointerEvent) => {
    if (drag.current === null) return;
    const by = { x: event.clientX - drag.current.x, y: event.clientY - drag.current.y };
    drag.current = { x: event.clientX, y: event.clientY };
    change(panned(shown, by, picture, room));
  };
  const size = sizeSaid(image, picture);
  const percent = `${Math.round(shown.scale * 100)} %`;
  return (
    <figure className="fb-figure">
      <div className="fb-output-tools" role="toolbar" aria-label="Picture">
        <Tool label="Fit" pressed={fits} hint="All of it (0)" onPress={() => setFits(true)} />
        <Tool
          label="100 %"
          pressed={Math.abs(shown.scale - 1) < FITS}
          hint="At its own size (1)"
          onPress={actual}
        />
        <Tool label="−" name="Smaller" hint="Smaller (-)" onPress={() => zoom(1 / STEP)} />
        <Tool label="+" name="Larger" hint="Larger (+)" onPress={() => zoom(STEP)} />
        <span className="fb-faint">{percent}</span>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be a frame */}
      <div
        ref={frame}
        className="fb-frame"
        role="group"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a picture that is moved by keys has the focus
        tabIndex={0}
        aria-label={`${image.alt || "Picture"}, ${size}, shown at ${percent}. Plus and minus zoom, arrows move.`}
        style={{ height: room.height || undefined }}
        onKeyDown={keys}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          drag.current = { x: event.clientX, y: event.clientY };
          event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerMove={move}
        onPointerUp={() => {
          drag.current = null;
        }}
        onDoubleClick={() => (fits ? actual() : setFits(true))}
      >
        <img
          src={`data:${image.mime};base64,${image.content}`}
          alt={image.alt || "Output of the node"}
          draggable={false}
          width={picture.width || undefined}
          height={picture.height || undefined}
          style={{ transform: `translate(${shown.x}px, ${shown.y}px) scale(${shown.scale})` }}
          onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
            setPicture({ width: naturalWidth, height: naturalHeight })
          }
        />
      </div>
      <figcaption className="fb-faint">{size}</figcaption>
    </figure>
  );
}

const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: PAN, y: 0 },
  ArrowRight: { x: -PAN, y: 0 },
  ArrowUp: { x: 0, y: PAN },
  ArrowDown: { x: 0, y: -PAN },
};

interface Does {
  readonly zoom: (by: number) => void;
  readonly actual: () => void;
  readonly whole: () => void;
}

function keyed(key: string, { zoom, actual, whole }: Does): boolean {
  if (key === "+" || key === "=") zoom(STEP);
  else if (key === "-") zoom(1 / STEP);
  else if (key === "0") whole();
  else if (key === "1") actual();
  else return false;
  return true;
}

/** What it measures; also what is shown of it, where that is a smaller copy. */
function sizeSaid(image: ImagePreview, shown: Size): string {
  if (shown.width === 0) return "";
  const width = image.width ?? shown.width;
  const height = image.height ?? shown.height;
  const said = `${grouped(width)} × ${grouped(height)} pixels`;
  if (width === shown.width && height === shown.height) return said;
  return `${said}; this is a copy of ${grouped(shown.width)} × ${grouped(shown.height)}`;
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}

interface ToolProps {
  readonly label: string;
  readonly name?: string;
  readonly hint: string;
  readonly pressed?: boolean;
  readonly onPress: () => void;
}

function Tool({ label, name, hint, pressed, onPress }: ToolProps) {
  return (
    <button
      type="button"
      className="fb-small"
      aria-label={name}
      aria-pressed={pressed}
      title={hint}
      onClick={onPress}
    >
      {label}
    </button>
  );
}

/** How wide an element is, now and when that changes. */
function useWidth(element: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const one = element.current;
    if (one === null) return;
    setWidth(one.clientWidth);
    const watching = new ResizeObserver(() => setWidth(one.clientWidth));
    watching.observe(one);
    return () => watching.disconnect();
  }, [element]);
  return width;
}

/** The wheel zooms where one has begun to look, or with Ctrl; else it scrolls the panel. */
function useWheel(
  frame: { readonly current: HTMLElement | null },
  zoom: (by: number, at: Point) => void,
): void {
  const latest = useRef(zoom);
  latest.current = zoom;
  useEffect(() => {
    const one = frame.current;
    if (one === null) return;
    const turn = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey && document.activeElement !== one) return;
      event.preventDefault();
      const box = one.getBoundingClientRect();
      const at = { x: event.clientX - box.left, y: event.clientY - box.top };
      latest.current(event.deltaY < 0 ? STEP : 1 / STEP, at);
    };
    one.addEventListener("wheel", turn, { passive: false });
    return () => one.removeEventListener("wheel", turn);
  }, [frame]);
}
