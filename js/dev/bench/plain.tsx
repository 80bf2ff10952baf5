/** React Flow as its documentation shows it first, with React: default nodes and edges, same places. */
import { type Edge, type Node, ReactFlow, useEdgesState, useNodesState } from "@xyflow/react";
import { createRoot } from "react-dom/client";
import "@xyflow/react/dist/style.css";
import { flowOf } from "./flows";
import { type Bench, drawn, frames, pan, settled, zoom } from "./measure";

const INTERVAL_MS = 50;

interface PlainProps {
  readonly nodes: Node[];
  readonly edges: Edge[];
  readonly whole: boolean;
}

let change: (update: (nodes: Node[]) => Node[]) => void = () => {};
let names: string[] = [];

function Plain(props: PlainProps) {
  const [nodes, setNodes, onNodesChange] = useNodesState(props.nodes);
  const [edges, , onEdgesChange] = useEdgesState(props.edges);
  change = setNodes;
  return (
    <ReactFlow
      nodes={nodes}
      edges={edges}
      onNodesChange={onNodesChange}
      onEdgesChange={onEdgesChange}
      fitView={props.whole}
      defaultViewport={{ x: 20, y: 20, zoom: 0.5 }}
      onlyRenderVisibleElements={!props.whole}
      minZoom={0.05}
    />
  );
}

const bench: Bench = {
  open: (count, whole) => {
    const flow = flowOf(count);
    names = flow.nodes.map((node) => node.name);
    const nodes = flow.nodes.map(({ name, x, y }) => ({
      id: name,
      position: { x, y },
      data: { label: name },
    }));
    const edges = flow.edges.map(({ source, target, input }) => ({
      id: `${source}>${target}.${input}`,
      source,
      target,
    }));
    const place = document.getElementById("place");
    if (place === null) throw new Error("no place");
    const began = performance.now();
    createRoot(place).render(<Plain nodes={nodes} edges={edges} whole={whole} />);
    return settled(began, () => (whole ? drawn() === count : drawn() > 20));
  },
  pan,
  zoom,
  update: (ms, rate) => {
    let told = 0;
    let at = performance.now();
    return frames(ms, () => {
      if (performance.now() - at < INTERVAL_MS) return;
      at += INTERVAL_MS;
      const status = new Map<string, string>();
      for (let i = 0; i < (rate * INTERVAL_MS) / 1000; i++, told++)
        status.set(names[(told >> 1) % names.length] ?? "", told % 2 === 0 ? "#bbdefb" : "#c8e6c9");
      change((nodes) =>
        nodes.map((node) => {
          const background = status.get(node.id);
          return background === undefined ? node : { ...node, style: { background } };
        }),
      );
    });
  },
};

Object.assign(window, { bench });
