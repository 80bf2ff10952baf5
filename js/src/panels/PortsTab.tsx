/** What came into a node, and what left it. */
import { useMemo } from "react";
import type { Details, NodeView, PortPreview, Preview } from "../protocol/generated";
import { useEditor } from "../view/useEditor";
import { PreviewOf } from "./PreviewOf";
import { Sources } from "./Sources";

export function OutputTab({
  details,
  empty,
}: {
  readonly details: Details;
  /** What to say where there is no output. */
  readonly empty: string;
}) {
  return <Ports ports={details.outputs} details={details} side="out" empty={empty} />;
}

export function InputTab({
  details,
  node,
}: {
  readonly details: Details;
  readonly node: NodeView;
}) {
  return (
    <>
      <Sources node={node} />
      <Ports
        ports={details.inputs}
        details={details}
        side="in"
        empty={
          node.inputs.length === 0
            ? "This node takes no input."
            : "Nothing came in yet. Run the flow to see what arrives here."
        }
      />
    </>
  );
}

function Ports({
  ports,
  details,
  side,
  empty,
}: {
  readonly ports: readonly PortPreview[];
  readonly details: Details;
  readonly side: "in" | "out";
  readonly empty: string;
}) {
  if (ports.length === 0) return <p className="fb-faint">{empty}</p>;
  return ports.map((port) => (
    <section key={port.port} className="fb-section">
      <h3>
        <span>{port.port}</span>
        <span className="fb-type">{port.type}</span>
      </h3>
      {port.preview === null ? (
        <p className="fb-faint">{port.note || "no preview"}</p>
      ) : (
        <Looked preview={port.preview} port={port.port} details={details} side={side} />
      )}
    </section>
  ));
}

interface LookedProps {
  readonly preview: Preview;
  /** As it is called, and for an input what feeds it: `days ← clean.days`. */
  readonly port: string;
  readonly details: Details;
  readonly side: "in" | "out";
}

function Looked({ preview, port, details, side }: LookedProps) {
  const { still } = useEditor();
  const { node, scope } = details;
  const name = port.split(" ← ")[0] ?? port;
  const source = useMemo(() => ({ node, port: name, side, scope }), [node, name, side, scope]);
  return <PreviewOf preview={preview} {...(still ? {} : { source })} />;
}
