/** Status by DOM attribute: painting a thousand nodes twenty times a second must not render React. */
import type { Turns } from "../model/node";
import {
  attemptLabel,
  countsLabel,
  duration,
  edgeStanding,
  elapsed,
  type Progress,
  shareLabel,
  shareOf,
  spoken,
  standingLabel,
  standingOf,
  turnsLabel,
  turnsSpoken,
  volume,
} from "../model/selectors";
import type { Store } from "../model/store";
import { tail } from "../model/stream";
import { undoneOf } from "../model/undoing";
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
  const { run, progress, streams } = store.state;
  const one = run?.nodes[node.name];
  const now = store.now();
  const status = standingOf(store.state, node.name);
  if (card.dataset.status !== status) card.dataset.status = status;
  const notice = status === "running" ? progress[node.name] : undefined;
  const ms = elapsed(one, now);
  const turns = turnsLabel(one?.turns);
  card.toggleAttribute("data-turns", turns !== "");
  const counts = countsLabel(one?.counts);
  const says = status === "running" ? tail(streams[node.name]) : "";
  card.toggleAttribute("data-says", says !== "" && !notice?.text && counts === "");
  setText(card, ".fb-state-text", notice?.text || counts || says || standingLabel(status));
  setText(card, ".fb-volume", turns || volume(node, run));
  card.querySelector(".fb-volume")?.setAttribute("title", turnsSpoken(one?.turns));
  const undone = undoneOf(run, node.name);
  card.toggleAttribute("data-undone", undone === "undone");
  card.toggleAttribute("data-not-undone", undone === "not undone");
  setText(card, ".fb-tries", undone ?? attemptLabel(one?.attempt ?? 0));
  setText(card, ".fb-ms", ms === null ? "" : duration(ms));
  const told = notice ?? progressOf(one?.turns);
  paintProgress(card, told);
  const share = status === "running" ? shareLabel(told) : "";
  const label = [
    spoken(node, one, now, shown.problems.length, shown.stale !== null, status),
    undone,
    share,
  ]
    .filter(Boolean)
    .join(", ");
  card.closest(".react-flow__node")?.setAttribute("aria-label", label);
}

function progressOf(turns: Turns | null | undefined): Progress | undefined {
  if (!turns?.counted) return undefined;
  return { done: turns.succeeded + turns.failed, total: turns.total };
}

function paintProgress(card: HTMLElement, notice: Progress | undefined): void {
  const bar = card.querySelector<HTMLElement>(".fb-bar > i");
  if (bar === null) return;
  const share = shareOf(notice);
  bar.classList.toggle("fb-unknown", share === null);
  bar.style.width = share === null ? "" : `${(share * 100).toFixed(1)}%`;
}

export function paintEdge(group: SVGGElement, edge: EdgeView, store: Store): void {
  const { run } = store.state;
  const status = edgeStanding(edge, run);
  if (group.dataset.status !== status) group.dataset.status = status;
}
