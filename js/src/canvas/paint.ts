/** Status by DOM attribute: painting a thousand nodes twenty times a second must not render React. */
import type { Turns } from "../model/node";
import type { Aside } from "../model/overlay";
import { tookLabel } from "../model/route";
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
import { edgeVolume } from "../model/volume";
import type { EdgeView, NodeView } from "../protocol/generated";
import { MARKS } from "../view/marks";
import { connectionsSaid } from "./connections";

function setText(root: ParentNode, selector: string, text: string): void {
  const element = root.querySelector(selector);
  if (element !== null && element.textContent !== text) element.textContent = text;
}

function setAttribute(element: Element | null, name: string, value: string): void {
  if (element !== null && element.getAttribute(name) !== value) element.setAttribute(name, value);
}

function toggle(element: Element, name: string, on: boolean): void {
  if (element.hasAttribute(name) !== on) element.toggleAttribute(name, on);
}

/** So many letters fit beside a duration; in the line below the name, beside each other. */
const LONG_STATE = 11;
const LONG_SUB = 17;
const STALE = "stale";

export interface Shown {
  readonly node: NodeView;
  readonly problems: readonly unknown[];
  readonly stale: string | null;
  /** What an overlay says of it. */
  readonly aside?: Aside | undefined;
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
  toggle(card, "data-turns", turns !== "");
  const counts = countsLabel(one?.counts);
  const says = status === "running" ? tail(streams[node.name]) : "";
  toggle(card, "data-says", says !== "" && !notice?.text && counts === "");
  const took = counts === "" ? tookLabel(node, run) : "";
  const text = notice?.text || counts || says || took || standingLabel(status);
  setText(card, ".fb-state-text", text);
  setAttribute(card.querySelector(".fb-state-text"), "title", took);
  toggle(card, "data-long", text.length > LONG_STATE);
  setAttribute(card.querySelector(".fb-state-mark > path"), "d", MARKS[status]);
  const amount = turns || volume(node, run);
  setText(card, ".fb-volume", amount);
  setAttribute(card.querySelector(".fb-volume"), "title", turnsSpoken(one?.turns));
  const undone = undoneOf(run, node.name);
  toggle(card, "data-undone", undone === "undone");
  toggle(card, "data-not-undone", undone === "not undone");
  const tries = undone ?? attemptLabel(one?.attempt ?? 0);
  setText(card, ".fb-tries", tries);
  const beside = amount.length + (shown.stale === null ? tries.length : STALE.length);
  toggle(card, "data-brief", beside > 0 && beside + node.kind.length > LONG_SUB);
  setText(card, ".fb-ms", ms === null ? "" : duration(ms));
  const told = notice ?? progressOf(one?.turns);
  paintProgress(card, told);
  const share = status === "running" ? shareLabel(told) : "";
  const label = [
    spoken(node, one, now, shown.problems.length, shown.stale !== null, status),
    took.toLowerCase(),
    undone,
    share,
    shown.aside?.spoken,
    connectionsSaid(store.state.flow, node),
  ]
    .filter(Boolean)
    .join(", ");
  setAttribute(card.closest(".react-flow__node"), "aria-label", label);
}

/** How long a node takes so far, and nothing else: its name for who listens stays as it is. */
export function paintClock(card: HTMLElement, node: NodeView, store: Store): void {
  const ms = elapsed(store.state.run?.nodes[node.name], store.now());
  if (ms !== null) setText(card, ".fb-ms", duration(ms));
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
  const width = share === null ? "" : `${(share * 100).toFixed(1)}%`;
  if (bar.style.width !== width) bar.style.width = width;
}

export function paintEdge(group: SVGElement, edge: EdgeView, store: Store): void {
  const { run } = store.state;
  const status = edgeStanding(edge, run);
  if (group.dataset.status !== status) group.dataset.status = status;
  setText(group, ".fb-edge-volume", edgeVolume(edge, store.state));
}
