import { type Box, corner } from "../../model/boxes";
import { MARK_SIGNS, MARK_WORDS } from "../../model/divergence";
import { HEIGHT, WIDTH } from "../../model/layout";
import type { Compared, EdgeView, NodeView } from "../../protocol/generated";

interface DiffDrawingProps {
  readonly compared: Compared;
  readonly chosen: string | null;
  readonly onChoose: (node: string) => void;
}

const MARGIN = 24;

/** The nodes of either version; what differs is marked by sign, word, colour and stroke. */
export function DiffDrawing({ compared, chosen, onChoose }: DiffDrawingProps) {
  const { flow, nodes, edges } = compared;
  const marks = new Map(nodes.map((one) => [one.node, one.mark]));
  const at = new Map(flow.nodes.map((node) => [node.name, node]));
  const box = corner(flow.nodes, WIDTH, HEIGHT, MARGIN);
  return (
    <div className="fb-compare-paper">
      <svg viewBox={view(box)} width={box.width} height={box.height} aria-label="Both versions">
        {flow.edges.map((edge, i) => (
          <path
            key={`${edge.source}.${edge.output}>${edge.target}.${edge.input}`}
            d={wire(edge, at)}
            className="fb-diff-wire"
            data-mark={edges[i] ?? "same"}
          />
        ))}
        {flow.nodes.map((node) => (
          <Card
            key={node.name}
            node={node}
            mark={marks.get(node.name) ?? "same"}
            chosen={node.name === chosen}
            onChoose={onChoose}
          />
        ))}
      </svg>
    </div>
  );
}

interface CardProps {
  readonly node: NodeView;
  readonly mark: string;
  readonly chosen: boolean;
  readonly onChoose: (node: string) => void;
}

function Card({ node, mark, chosen, onChoose }: CardProps) {
  const choose = () => onChoose(node.name);
  return (
    // biome-ignore lint/a11y/useSemanticElements: there are no buttons inside of a drawing
    <g
      role="button"
      tabIndex={0}
      className="fb-diff-node"
      data-mark={mark}
      aria-pressed={chosen}
      aria-label={`${node.name}, ${node.kind}, ${MARK_WORDS[mark] ?? mark}`}
      transform={`translate(${node.x} ${node.y})`}
      onClick={choose}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        choose();
      }}
    >
      <rect width={WIDTH} height={HEIGHT} rx="8" />
      <text x="14" y="34" className="fb-diff-name">
        {node.name.length > 19 ? `${node.name.slice(0, 18)}…` : node.name}
      </text>
      <text x="14" y="56">
        {MARK_SIGNS[mark] === undefined ? node.kind : `${MARK_SIGNS[mark]} ${MARK_WORDS[mark]}`}
      </text>
    </g>
  );
}

function view({ x, y, width, height }: Box): string {
  return `${x} ${y} ${width} ${height}`;
}

function wire(edge: EdgeView, at: ReadonlyMap<string, NodeView>): string {
  const from = at.get(edge.source);
  const to = at.get(edge.target);
  if (from === undefined || to === undefined) return "";
  const [x1, y1, x2, y2] = [from.x + WIDTH, from.y + HEIGHT / 2, to.x, to.y + HEIGHT / 2];
  const bend = Math.max(40, Math.abs(x2 - x1) / 2);
  return `M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`;
}
