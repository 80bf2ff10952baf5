import { useReactFlow, useStoreApi } from "@xyflow/react";
import { type PointerEvent, useCallback, useEffect, useRef } from "react";
import { standingOf } from "../model/selectors";
import type { Store } from "../model/store";
import {
  type Area,
  boxPath,
  MAP_HEIGHT,
  MAP_WIDTH,
  type Scale,
  scaleOf,
  type Tone,
  toneOf,
} from "./plan";

const TONES: readonly Tone[] = ["plain", "good", "bad", "running"];
/** A map need not be drawn more often while nodes move or run. */
const REST_MS = 250;

/**
 * The whole flow in a corner, and which part of it is in view. Four paths and one frame, whatever
 * the number of nodes: moving the view moves the frame and draws nothing.
 */
export function FlowMap({ store }: { readonly store: Store }) {
  const canvas = useStoreApi();
  const { setCenter } = useReactFlow();
  const picture = useRef<SVGSVGElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const scale = useRef<Scale>({ scale: 1, left: 0, top: 0 });

  useEffect(() => {
    const draw = () => {
      const areas = [...canvas.getState().nodeLookup.values()].map(
        ({ id, internals, measured, width = measured.width, height = measured.height }): Area => {
          const { x, y } = internals.positionAbsolute;
          return { id, x, y, width: width ?? 0, height: height ?? 0 };
        },
      );
      scale.current = scaleOf(areas);
      const parts: Record<Tone, string> = { plain: "", good: "", bad: "", running: "" };
      for (const area of areas)
        parts[toneOf(standingOf(store.state, area.id))] += boxPath(area, scale.current);
      for (const path of picture.current?.querySelectorAll("path") ?? [])
        path.setAttribute("d", parts[(path.dataset.tone ?? "plain") as Tone]);
      show();
    };
    const show = () => {
      const { transform, width, height } = canvas.getState();
      if (frame.current !== null) place(frame.current, transform, width, height, scale.current);
    };
    let resting: ReturnType<typeof setTimeout> | undefined;
    const drawSoon = () => {
      resting ??= setTimeout(() => {
        resting = undefined;
        draw();
      }, REST_MS);
    };
    draw();
    const stops = [
      store.subscribe(drawSoon),
      canvas.subscribe((now, before) => {
        if (now.nodes !== before.nodes) drawSoon();
        if (now.transform !== before.transform || now.width !== before.width) show();
      }),
    ];
    return () => {
      clearTimeout(resting);
      for (const stop of stops) stop();
    };
  }, [store, canvas]);

  const go = useCallback(
    (event: PointerEvent<HTMLDivElement>) => {
      if (event.buttons !== 1) return;
      const { left, top } = event.currentTarget.getBoundingClientRect();
      const at = scale.current;
      const { transform } = canvas.getState();
      const x = (event.clientX - left - at.left) / at.scale;
      const y = (event.clientY - top - at.top) / at.scale;
      void setCenter(x, y, { zoom: transform[2] });
    },
    [canvas, setCenter],
  );

  return (
    <div
      className="fb-map"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        go(event);
      }}
      onPointerMove={go}
    >
      <svg
        ref={picture}
        width={MAP_WIDTH}
        height={MAP_HEIGHT}
        role="img"
        aria-label="Map of the flow"
      >
        {TONES.map((tone) => (
          <path key={tone} data-tone={tone} />
        ))}
      </svg>
      <div ref={frame} className="fb-map-frame" />
    </div>
  );
}

type Transform = readonly [x: number, y: number, zoom: number];

/** Frame what is in view. */
function place(
  frame: HTMLElement,
  [x, y, zoom]: Transform,
  width: number,
  height: number,
  { scale, left, top }: Scale,
): void {
  const ratio = scale / zoom;
  frame.style.width = `${width * ratio}px`;
  frame.style.height = `${height * ratio}px`;
  frame.style.transform = `translate(${left - x * ratio}px, ${top - y * ratio}px)`;
}
