/** The nodes as React Flow holds them: those of the definition, and what is being done to them. */
import {
  type Dispatch,
  type MutableRefObject,
  type SetStateAction,
  useEffect,
  useRef,
  useState,
} from "react";
import { carryOver, type FlowNode, marked } from "./graph";
import { motion } from "./useFrame";

const GLIDE_MS = 220;
/** So many may glide to where they go; more jump. */
const FEW = 200;

export interface Nodes {
  readonly nodes: FlowNode[];
  readonly setNodes: Dispatch<SetStateAction<FlowNode[]>>;
  /** The same at this very moment, for handlers. */
  readonly now: MutableRefObject<FlowNode[]>;
}

/** `again` grows when what was done to the nodes did not count: they go back where they were. */
export function useNodes(
  drawn: readonly FlowNode[],
  chosen: ReadonlySet<string>,
  again: unknown,
): Nodes {
  const [nodes, setNodes] = useState<FlowNode[]>(() => marked([...drawn], chosen));
  const now = useRef(nodes);
  now.current = nodes;

  // biome-ignore lint/correctness/useExhaustiveDependencies: `again` is what asks for the same nodes again
  useEffect(() => {
    const from = now.current;
    const to = carryOver(from, drawn);
    const moved = movedOf(from, to);
    if (moved.size === 0 || moved.size > FEW || motion(GLIDE_MS) === 0) {
      setNodes(to);
      return;
    }
    return glide((share) =>
      setNodes((before) => {
        const flags = new Map(before.map((node) => [node.id, node.selected ?? false]));
        return to.map((node) => {
          const start = moved.get(node.id);
          const selected = flags.get(node.id) ?? node.selected ?? false;
          if (start === undefined || share === 1)
            return (node.selected ?? false) === selected ? node : { ...node, selected };
          const { x, y } = node.position;
          const position = {
            x: start.x + (x - start.x) * share,
            y: start.y + (y - start.y) * share,
          };
          return { ...node, position, selected };
        });
      }),
    );
  }, [drawn, again]);

  useEffect(() => setNodes((before) => marked(before, chosen)), [chosen]);
  return { nodes, setNodes, now };
}

function movedOf(
  from: readonly FlowNode[],
  to: readonly FlowNode[],
): Map<string, FlowNode["position"]> {
  const old = new Map(from.map((node) => [node.id, node]));
  const found = new Map<string, FlowNode["position"]>();
  for (const node of to) {
    const was = old.get(node.id);
    if (was === undefined || was.dragging || was.parentId !== node.parentId) continue;
    if (was.position.x !== node.position.x || was.position.y !== node.position.y)
      found.set(node.id, was.position);
  }
  return found;
}

/** Call `step` each frame with how much of the way is done, from 0 to 1; the way to stop it. */
function glide(step: (share: number) => void): () => void {
  const began = performance.now();
  let frame = 0;
  const next = (now: number) => {
    const share = Math.min(1, (now - began) / GLIDE_MS);
    step(1 - (1 - share) ** 3);
    if (share < 1) frame = requestAnimationFrame(next);
  };
  frame = requestAnimationFrame(next);
  return () => cancelAnimationFrame(frame);
}
