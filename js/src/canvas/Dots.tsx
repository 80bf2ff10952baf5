import { useStoreApi } from "@xyflow/react";
import { useEffect, useRef } from "react";

const GAP = 20;
/** Closer together than this, in pixels, dots are a grey that costs time. */
const CLOSEST = 8;

/**
 * The dots behind a flow: an area one gap larger than the view, which moves by less than a gap. So
 * moving the view draws nothing, and zooming one small tile.
 */
export function Dots() {
  const canvas = useStoreApi();
  const area = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let drawn = 0;
    const place = () => {
      const element = area.current;
      const [x, y, zoom] = canvas.getState().transform;
      const gap = GAP * zoom;
      if (element === null) return;
      if (gap !== drawn) {
        element.style.display = gap < CLOSEST ? "none" : "";
        element.style.inset = `${-gap}px`;
        element.style.backgroundSize = `${gap}px ${gap}px`;
        drawn = gap;
      }
      element.style.transform = `translate(${x % gap}px, ${y % gap}px)`;
    };
    place();
    return canvas.subscribe((now, before) => {
      if (now.transform !== before.transform) place();
    });
  }, [canvas]);
  return (
    <div className="fb-dots">
      <div ref={area} />
    </div>
  );
}
