import { Handle, type NodeProps, Position } from "@xyflow/react";
import { memo, useLayoutEffect, useRef } from "react";
import { isBusy, standing } from "../model/selectors";
import { Icon } from "../view/icons";
import { lookOf, noteOf } from "../view/kinds";
import type { FlowNode, Port } from "./graph";
import { paintNode } from "./paint";
import { useSurroundings } from "./surroundings";

const CLOCK_MS = 200;
/** More names of ports than these would not fit under each other. */
const MOST_LABELS = 6;
const PADDING = 12;
const LETTER = 6.6;
const WIDEST_LABEL = 64;

/** One node. React draws what the definition says; the run is painted over it. */
export const NodeCard = memo(function NodeCard({ data }: NodeProps<FlowNode>) {
  const { store, far } = useSurroundings();
  const card = useRef<HTMLDivElement>(null);
  const { node, part, problems, stale } = data;

  // biome-ignore lint/correctness/useExhaustiveDependencies: `far` swaps the DOM that is painted
  useLayoutEffect(() => {
    const element = card.current;
    if (element === null) return;
    const paint = () => paintNode(element, data, store);
    paint();
    const stop = store.subscribe(paint);
    const clock = setInterval(() => {
      if (isBusy(standing(store.state.run?.nodes[node.name]))) paint();
    }, CLOCK_MS);
    return () => {
      stop();
      clearInterval(clock);
    };
  }, [store, data, far]);

  if (far) {
    return (
      <div ref={card} className="fb-node fb-node-far" title={node.name}>
        <span className="fb-far-name">{node.name}</span>
        <Ports ports={data.inputs} side="in" />
        <Ports ports={data.outputs} side="out" />
      </div>
    );
  }
  const look = lookOf(node.kind);
  const note = noteOf(node);
  const wrong = problems.some((one) => one.severity === "error");
  return (
    <div
      ref={card}
      className="fb-node"
      data-wrong={wrong || undefined}
      data-stale={stale !== null || undefined}
      data-ports={labelled(data.outputs) || undefined}
      style={{ paddingInlineEnd: room(data.outputs) }}
    >
      <div className="fb-node-head">
        <span className="fb-kind" data-kind={node.kind} data-tone={look.tone}>
          <Icon name={look.icon} />
        </span>
        <span className="fb-names">
          <span className="fb-name" title={node.name}>
            {node.name}
          </span>
          <span className="fb-sub">
            <span className="fb-volume" />
            {part === null ? (
              <span className="fb-kind-name">{node.kind}</span>
            ) : (
              <span className="fb-home" title={part.help}>
                {part.text}
              </span>
            )}
            {stale === null ? (
              <span className="fb-tries" />
            ) : (
              <span className="fb-stale" title={stale}>
                stale
              </span>
            )}
          </span>
        </span>
        {problems.length > 0 && (
          <span
            className="fb-badge"
            data-severity={wrong ? "error" : "warning"}
            title={problems.map((one) => one.message).join("\n")}
          >
            <Icon name="warning" size={12} />
            {problems.length}
          </span>
        )}
      </div>
      {note === null ? (
        <div className="fb-node-foot">
          <span className="fb-state">
            <i className="fb-state-icon" aria-hidden="true" />
            <span className="fb-state-text" />
          </span>
          <span className="fb-ms" />
        </div>
      ) : (
        <p className="fb-note" title={note}>
          {note}
        </p>
      )}
      <div className="fb-bar">
        <i />
      </div>
      <Ports ports={data.inputs} side="in" />
      <Ports ports={data.outputs} side="out" />
    </div>
  );
});

/** One output needs no name beside it. */
function labelled(outputs: readonly Port[]): boolean {
  return outputs.length > 1 && outputs.length <= MOST_LABELS;
}

/** Room at the right for the names of several ports. */
function room(outputs: readonly Port[]): number {
  if (!labelled(outputs)) return PADDING;
  const longest = Math.max(...outputs.map((port) => port.name.length));
  return Math.min(WIDEST_LABEL, longest * LETTER) + PADDING + 4;
}

interface PortsProps {
  readonly ports: readonly Port[];
  readonly side: "in" | "out";
}

function Ports({ ports, side }: PortsProps) {
  const named = side === "out" && labelled(ports);
  return ports.map((port) => (
    <Handle
      key={port.name}
      id={port.name}
      type={side === "in" ? "target" : "source"}
      position={side === "in" ? Position.Left : Position.Right}
      isConnectable={false}
      className="fb-port"
      style={{ top: port.y }}
      title={port.title}
    >
      {named && <span className="fb-port-label">{port.name}</span>}
    </Handle>
  ));
}
