/** What it means to drop something new there: into an edge, into a container, or where there is room. */
import { type Editor, edgeName } from "../editor/editor";
import { geometry } from "../editor/geometry";
import type { Landing } from "../editor/surface";
import { HEIGHT, type Point, WIDTH } from "../model/layout";
import { edgeAt } from "./at";
import { homeAt } from "./dropping";

/** `at` is in the flow's own pixels, `below` what is there on the page, from the top. */
export function landing(editor: Editor, at: Point, below: readonly Element[]): Landing {
  const wire = below.map(edgeAt).find((one) => one !== null);
  const edge = editor.flow?.edges.find((one) => edgeName(one) === wire);
  const inside = homeAt(geometry(editor), new Set(), at);
  return {
    x: Math.round(at.x - WIDTH / 2),
    y: Math.round(at.y - HEIGHT / 2),
    ...(edge === undefined ? {} : { on: { target: edge.target, input: edge.input } }),
    ...(inside === null ? {} : { inside }),
  };
}
