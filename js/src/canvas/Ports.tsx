import type { CSSProperties } from "react";
import type { Port } from "./port";

interface PortsProps {
  readonly node: string;
  readonly ports: readonly Port[];
  readonly side: "in" | "out";
}

/**
 * The ports of one side. React Flow's own handles listen to its whole store, one by one; these are
 * plain, and named as it names them, so that it finds them where it looks for some.
 */
export function Ports({ node, ports, side }: PortsProps) {
  return ports.map((port) => (
    <div
      key={port.name}
      className={`fb-port react-flow__handle nodrag nopan ${side === "in" ? "target react-flow__handle-left" : "source react-flow__handle-right"}`}
      data-handleid={port.name}
      data-handlepos={side === "in" ? "left" : "right"}
      data-nodeid={node}
      data-side={side}
      data-feed={side === "in" ? port.feed : undefined}
      data-colored={port.color === "" ? undefined : ""}
      style={{ top: port.y, ...(port.color && { "--fb-port": port.color }) } as CSSProperties}
      title={port.title}
    >
      {port.feed === "missing" && side === "in" && (
        <span className="fb-port-missing" aria-hidden="true">
          !
        </span>
      )}
      {port.label !== "" && <span className="fb-port-label">{port.label}</span>}
    </div>
  ));
}
