import { useStoreApi, useStore as useStoreOfFlow, ViewportPortal } from "@xyflow/react";
import { useEffect, useMemo, useRef } from "react";
import type { Point } from "../model/layout";
import { type Aside, asideOfEdge } from "../model/overlay";
import { type EdgeStanding, edgeStanding } from "../model/selectors";
import type { EdgeView } from "../protocol/generated";
import { warmth } from "./AsideBadge";
import type { FlowEdge } from "./graph";
import { line } from "./path";
import { useSurroundings } from "./surroundings";

const GROUPS: readonly EdgeStanding[] = ["idle", "live", "flowing", "dead"];
/** From afar nobody sees the lines change sooner. */
const REST_MS = 200;

interface Line {
  readonly edge: EdgeView;
  readonly path: string;
}

/** All lines of a flow seen from afar: one path for each way an edge can stand. */
export function FarEdges({ edges }: { readonly edges: readonly FlowEdge[] }) {
  const { store, asides } = useSurroundings();
  const lines = useLines(edges);
  const drawing = useRef<SVGSVGElement>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: an overlay swaps the DOM that is drawn
  useEffect(() => {
    let drawn = "";
    const draw = () => {
      const standings = lines.map(({ edge }) => edgeStanding(edge, store.state.run));
      const now = standings.join();
      if (now === drawn) return;
      drawn = now;
      for (const group of GROUPS) {
        const paths = lines.filter((_, i) => standings[i] === group).map(({ path }) => path);
        drawing.current
          ?.querySelector(`[data-status="${group}"] > path`)
          ?.setAttribute("d", paths.join(""));
      }
    };
    let resting: ReturnType<typeof setTimeout> | undefined;
    draw();
    const stop = store.subscribe(() => {
      resting ??= setTimeout(() => {
        resting = undefined;
        draw();
      }, REST_MS);
    });
    return () => {
      clearTimeout(resting);
      stop();
    };
  }, [store, lines, asides]);

  if (asides.edges.size > 0)
    return <LinesAside lines={lines.map((one) => [one, asideOfEdge(asides, one.edge)])} />;
  return (
    <ViewportPortal>
      <svg ref={drawing} className="fb-far-edges" role="presentation">
        {GROUPS.map((group) => (
          <g key={group} className="fb-edge" data-status={group}>
            <path className="react-flow__edge-path" fill="none" />
          </g>
        ))}
      </svg>
    </ViewportPortal>
  );
}

/** So many widths a line can have from afar. */
const WIDTHS = 4;

interface LinesAsideProps {
  readonly lines: ReadonlyArray<readonly [line: Line, aside: Aside | undefined]>;
}

/** The same with what an overlay says of them: one path for each tone and width. */
function LinesAside({ lines }: LinesAsideProps) {
  const groups = new Map<string, { readonly aside: Aside | undefined; path: string }>();
  for (const [{ path }, aside] of lines) {
    const key = `${aside?.tone} ${Math.round((aside?.share ?? 0) * WIDTHS)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { aside, path });
    else group.path += path;
  }
  return (
    <ViewportPortal>
      <svg className="fb-far-edges" role="presentation">
        {[...groups].map(([key, { aside, path }]) => (
          <g key={key} className="fb-edge" data-aside={aside?.tone} style={warmth(aside)}>
            <path className="react-flow__edge-path" d={path} fill="none" />
          </g>
        ))}
      </svg>
    </ViewportPortal>
  );
}

/** Where the lines are, as the nodes are. */
function useLines(edges: readonly FlowEdge[]): readonly Line[] {
  const canvas = useStoreApi();
  const nodes = useStoreOfFlow((state) => state.nodes);
  // biome-ignore lint/correctness/useExhaustiveDependencies: places are looked up by node
  return useMemo(() => {
    const { nodeLookup } = canvas.getState();
    const end = (node: string, type: "source" | "target", port: unknown): Point | null => {
      const found = nodeLookup.get(node)?.internals;
      const at = found?.handleBounds?.[type]?.find((one) => one.id === port);
      if (found === undefined || at === undefined) return null;
      const { x, y } = found.positionAbsolute;
      return { x: x + at.x + at.width / 2, y: y + at.y + at.height / 2 };
    };
    return edges.flatMap(({ source, sourceHandle, target, targetHandle, data }): Line[] => {
      const from = end(source, "source", sourceHandle);
      const to = end(target, "target", targetHandle);
      if (from === null || to === null || data === undefined) return [];
      return [{ edge: data.edge, path: line(from, to, data.way).path }];
    });
  }, [canvas, nodes, edges]);
}
