/** Status by DOM attribute: painting a thousand nodes twenty times a second must not render React. */
import type { Turns } from "../model/node";
import {
  attemptLabel,
  countsLabel,
  duration,
  edgeStanding,
  elapsed,
  spoken,
  standing,
  standingLabel,
  turnsLabel,
  volume,
} from "../model/selectors";
import type { Store } from "../model/store";
import type { EdgeView, NodeView } from "../protocol/generated";

function setText(root: ParentNode, selector: string, text: string): void {
  const element = root.querySelector(selector);
  if (element !== null && element.textContent !== text) element.textContent = text;
}

export interface Shown {
  readonly node: NodeView;
  readonly problems: readonly unknown[];
  readonly stale: string | null;
}

export function paintNode(card: HTMLElement, shown: Shown, store: Store): void {
  const { node } = shown;
  const { run, progress } = store.state;
  const one = run?.nodes[node.name];
  const now = store.now();
  const status = standing(one);
  if (card.dataset.status !== status) card.dataset.status = status;
  const notice = status === "running" ? progress[node.name] : undefined;
  const ms = elapsed(one, now);
  const turns = turnsLabel(one?.turns);
  card.toggleAttribute("data-turns", turns !== "");
  const counts = countsLabel(one?.counts);
  setText(card, ".fb-state-text", notice?.text || counts || standingLabel(status));
  setText(card, ".fb-volume", turns || volume(node, run));
  setText(card, ".fb-tries", attemptLabel(one?.attempt ?? 0));
  setText(card, ".fb-ms", ms === null ? "" : duration(ms));
  paintProgress(card, notice ?? progressOf(one?.turns));
  const label = spoken(node, one, now, shown.problems.length, shown.stale !== null);
  card.closest(".react-flow__node")?.setAttribute("aria-label", label);
}

interface Progress {
  readonly done: number;
  readonly total: number | null;
}

function progressOf(turns: Turns | null | undefined): Progress | undefined {
  if (!turns?.counted) return undefined;
  return { done: turns.succeeded + turns.failed, total: turns.total };
}

function paintProgress(card: HTMLElement, notice: Progress | undefined): void {
  const bar = card.querySelector<HTMLElement>(".fb-bar > i");
  if (bar === null) return;
  const known = notice !== undefined && notice.total !== null && notice.total > 0;
  const share = known ? Math.min(1, Math.max(0, notice.done / (notice.total ?? 1))) : null;
  bar.classList.toggle("fb-unknown", share === null);
  bar.style.width = share === null ? "" : `${(share * 100).toFixed(1)}%`;
}

export function paintEdge(group: SVGGElement, edge: EdgeView, store: Store): void {
  const { run } = store.state;
  const status = edgeStanding(edge, run);
  if (group.dataset.status !== status) group.dataset.status = status;
}
