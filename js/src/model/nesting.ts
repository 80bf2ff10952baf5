/**
 * Containers as boxes: who is inside of whom, how large a box is, and where everything stands.
 *
 * Places of members count relative to each other only: the box is drawn where its container
 * stands, and what is in it begins below its title. `nested` is, operation by operation,
 * `flowbook.graph.nested_layout` in Python; tests/golden/nested.json holds both to it.
 */
import type { NodeView } from "../protocol/generated";
import { HEIGHT, type Link, layout, PITCH_X, type Point, WIDTH } from "./layout";

export const TITLE = 36;
export const PAD = 20;
/** Above each block but the first: its name. */
export const LANE = 26;
/** Containers of more members are closed until somebody opens them. */
export const MANY = 40;
const NOTE = { width: 224, height: 132 };
const NODE = { width: WIDTH, height: HEIGHT };
/** A container without members, open: there is room to drop one. */
const EMPTY = { width: WIDTH + 2 * PAD, height: TITLE + HEIGHT + 2 * PAD };
const GAP_X = PITCH_X - WIDTH;
/** A little less than two nodes are apart: heights are rounded. */
const GAP_Y = 34;

export interface Size {
  readonly width: number;
  readonly height: number;
}
export type Rect = Point & Size;

export interface Member {
  readonly name: string;
  readonly kind: string;
  readonly inside: string | null;
  readonly contains: boolean;
  readonly options: NodeView["options"];
}

/** The homes of a flow's nodes; what names no node, or itself, is at home nowhere. */
export class Nest<T extends Member = NodeView> {
  private readonly byName: ReadonlyMap<string, T>;
  private readonly byHome = new Map<string | null, T[]>();

  constructor(readonly nodes: readonly T[]) {
    this.byName = new Map(nodes.map((one) => [one.name, one]));
    for (const node of nodes) {
      const home = this.home(node.name);
      const there = this.byHome.get(home);
      if (there === undefined) this.byHome.set(home, [node]);
      else there.push(node);
    }
  }

  get(name: string): T | undefined {
    return this.byName.get(name);
  }

  /** The container a node is in; null outside of all. */
  home(name: string): string | null {
    const inside = this.byName.get(name)?.inside ?? null;
    if (inside === null || !this.byName.has(inside)) return null;
    const seen = new Set([name]);
    for (let at: string | null = inside; at !== null; at = this.byName.get(at)?.inside ?? null) {
      if (seen.has(at)) return null;
      seen.add(at);
    }
    return inside;
  }

  /** What is directly inside; of null, what is inside of nothing. */
  members(home: string | null): readonly T[] {
    return this.byHome.get(home) ?? [];
  }

  contains(name: string): boolean {
    return this.byHome.has(name) || (this.byName.get(name)?.contains ?? false);
  }

  /** The containers around a node, inner to outer. */
  around(name: string): string[] {
    const found: string[] = [];
    for (let at = this.home(name); at !== null; at = this.home(at)) found.push(at);
    return found;
  }

  /** All that is inside, however deep. */
  within(name: string): T[] {
    return this.members(name).flatMap((one) => [one, ...this.within(one.name)]);
  }

  /** A node, or that around it which is directly in `home`; null when it is elsewhere. */
  lifted(name: string, home: string | null): string | null {
    let at: string | null = name;
    while (at !== null && this.home(at) !== home) at = this.home(at);
    return at !== null && this.byName.has(at) ? at : null;
  }
}

/** The block of its container a node is in; '' for the first. */
export function blockOf(node: Member): string {
  const home = node.options.in ?? "";
  const dot = home.indexOf(".");
  return dot < 0 ? "" : home.slice(dot + 1);
}

/** Which containers are closed: as somebody chose, else those that hold a lot. */
export function isFolded(
  nest: Nest,
  chosen: Readonly<Record<string, boolean>>,
  name: string,
): boolean {
  return chosen[name] ?? nest.members(name).length > MANY;
}

export interface Lane {
  readonly name: string;
  /** Its distance from the top of the box. */
  readonly y: number;
}

/** One drawn node: relative to the box it is in, as large as it is drawn. */
export interface Drawn extends Rect {
  readonly home: string | null;
  /** What the places of its members are more than where they stand in it. */
  readonly by: Point;
  readonly folded: boolean;
  readonly lanes: readonly Lane[];
}

/** Every node that can be seen. Members of closed containers cannot. */
export function drawnBoxes(nest: Nest, folded: (name: string) => boolean): Map<string, Drawn> {
  const found = new Map<string, Drawn>();
  const draw = (home: string | null, by: Point) => {
    for (const node of nest.members(home)) {
      const closed = nest.contains(node.name) && folded(node.name);
      const inner = closed ? null : extent(nest, node.name, folded);
      const within =
        inner === null
          ? { x: -PAD, y: -TITLE - PAD }
          : { x: inner.x - PAD, y: inner.y - TITLE - PAD - first(nest, node.name) };
      found.set(node.name, {
        x: node.x - by.x,
        y: node.y - by.y,
        ...outer(nest, node, closed, inner),
        home,
        by: within,
        folded: closed,
        lanes: closed ? [] : lanesOf(nest.members(node.name), inner),
      });
      if (inner !== null) draw(node.name, within);
    }
  };
  draw(null, { x: 0, y: 0 });
  return found;
}

/** The same, from the corner of the canvas. */
export function absolute(boxes: ReadonlyMap<string, Drawn>): Map<string, Rect> {
  const found = new Map<string, Rect>();
  for (const [name, box] of boxes) {
    const home = box.home === null ? null : found.get(box.home);
    const { width, height } = box;
    found.set(name, { x: box.x + (home?.x ?? 0), y: box.y + (home?.y ?? 0), width, height });
  }
  return found;
}

export function sizeOf(kind: string): Size {
  return kind === "note" ? NOTE : NODE;
}

function outer(nest: Nest, node: NodeView, closed: boolean, inner: Rect | null): Size {
  if (!nest.contains(node.name)) return sizeOf(node.kind);
  if (closed) return NODE;
  if (inner === null) return EMPTY;
  return {
    width: inner.width + 2 * PAD,
    height: TITLE + inner.height + 2 * PAD + first(nest, node.name),
  };
}

/** What the members of a container cover, in their own coordinates; null without any. */
function extent(nest: Nest, name: string, folded: (name: string) => boolean): Rect | null {
  const members = nest.members(name);
  if (members.length === 0) return null;
  return around(
    members.map((one) => {
      const closed = nest.contains(one.name) && folded(one.name);
      const inner = closed ? null : extent(nest, one.name, folded);
      return { x: one.x, y: one.y, ...outer(nest, one, closed, inner) };
    }),
  );
}

/** The smallest rectangle around some. */
export function around(rects: readonly Rect[]): Rect {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const one of rects) {
    left = Math.min(left, one.x);
    top = Math.min(top, one.y);
    right = Math.max(right, one.x + one.width);
    bottom = Math.max(bottom, one.y + one.height);
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** Room for the name of a block that is not the first, where the box has no first. */
function first(nest: Nest, name: string): number {
  return nest.members(name).some((one) => blockOf(one) === "") ? 0 : LANE;
}

function lanesOf(members: readonly NodeView[], inner: Rect | null): Lane[] {
  if (inner === null) return [];
  const tops = new Map<string, number>();
  for (const one of members)
    tops.set(blockOf(one), Math.min(tops.get(blockOf(one)) ?? Infinity, one.y));
  const begin = TITLE + PAD + (tops.has("") ? 0 : LANE) - inner.y;
  return [...tops]
    .filter(([name]) => name !== "")
    .map(([name, top]) => ({ name, y: top + begin - LANE }));
}

/**
 * Other places for some nodes, and those of the containers around them, so that on the canvas
 * nothing else moves: a box begins where the first of its members does.
 */
export function settled(
  nest: Nest,
  moves: Readonly<Record<string, Point>>,
): Record<string, { x: number; y: number }> {
  const found: Record<string, { x: number; y: number }> = {};
  for (const [name, { x, y }] of Object.entries(moves)) found[name] = { x, y };
  const homes = new Set(
    Object.keys(moves)
      .flatMap((name) => nest.around(name))
      .sort((a, b) => nest.around(b).length - nest.around(a).length),
  );
  for (const home of homes) {
    const members = nest.members(home);
    const before = corner(members);
    const after = corner(members.map((one) => ({ ...one, ...found[one.name] })));
    const node = nest.get(home);
    if (node === undefined || (before.x === after.x && before.y === after.y)) continue;
    const at = found[home] ?? { x: node.x, y: node.y };
    found[home] = { x: at.x + after.x - before.x, y: at.y + after.y - before.y };
  }
  return found;
}

function corner(points: readonly Point[]): Point {
  return {
    x: Math.min(...points.map((one) => one.x)),
    y: Math.min(...points.map((one) => one.y)),
  };
}

/** Where nodes go when nobody has put them anywhere, containers and what is in them. */
export function nested<T extends Member>(
  nodes: readonly T[],
  links: readonly Link[],
): Map<string, Point> {
  const nest = new Nest(nodes);
  const places = new Map<string, Point>();
  const place = (home: string | null): Size => {
    const sizes = new Map<string, Size>();
    for (const one of nest.members(home)) sizes.set(one.name, measure(one));
    return blocks(nest, home, links, sizes, places);
  };
  const measure = (one: T): Size => {
    if (!nest.contains(one.name)) return sizeOf(one.kind);
    const inner = place(one.name);
    const count = nest.members(one.name).length;
    if (count > MANY) return NODE;
    if (count === 0) return EMPTY;
    return { width: inner.width + 2 * PAD, height: TITLE + inner.height + 2 * PAD };
  };
  place(null);
  return places;
}

/** The blocks of one home, one below the other; how much room they take. */
function blocks<T extends Member>(
  nest: Nest<T>,
  home: string | null,
  links: readonly Link[],
  sizes: ReadonlyMap<string, Size>,
  places: Map<string, Point>,
): Size {
  const byBlock = new Map<string, string[]>();
  for (const one of nest.members(home)) {
    const block = home === null ? "" : blockOf(one);
    byBlock.set(block, [...(byBlock.get(block) ?? []), one.name]);
  }
  const lifted = links.flatMap(([from, to]): Link[] => {
    const source = nest.lifted(from, home);
    const target = nest.lifted(to, home);
    return source === null || target === null || source === target ? [] : [[source, target]];
  });
  const inOrder = [...byBlock].sort(([a], [b]) => Number(a !== "") - Number(b !== ""));
  let [width, height] = [0, 0];
  for (const [block, names] of inOrder) {
    const room = spread(names, lifted, sizes, places);
    const top = block === "" ? 0 : height + (height === 0 ? 0 : GAP_Y) + LANE;
    for (const name of names) {
      const at = places.get(name) ?? { x: 0, y: 0 };
      places.set(name, { x: at.x, y: at.y + top });
    }
    width = Math.max(width, room.width);
    height = top + room.height;
  }
  return { width, height };
}

/** The layout of nodes that are all alike, with room made for those that are larger. */
function spread(
  names: readonly string[],
  links: readonly Link[],
  sizes: ReadonlyMap<string, Size>,
  places: Map<string, Point>,
): Size {
  const flat = layout(names, links);
  const columns = new Map<number, string[]>();
  for (const name of names) {
    const x = flat.get(name)?.x ?? 0;
    columns.set(x, [...(columns.get(x) ?? []), name]);
  }
  let left = 0;
  let top = Infinity;
  let bottom = 0;
  const tops = new Map<string, number>();
  for (const [, column] of [...columns].sort(([a], [b]) => a - b)) {
    const wide = Math.max(...column.map((name) => (sizes.get(name) ?? NODE).width));
    for (const [name, y] of stacked(column, flat, sizes)) {
      places.set(name, { x: left, y });
      tops.set(name, y);
      top = Math.min(top, y);
    }
    left += wide + GAP_X;
  }
  for (const [name, y] of tops) {
    const at = places.get(name) ?? { x: 0, y };
    places.set(name, { x: at.x, y: y - top });
    bottom = Math.max(bottom, y - top + (sizes.get(name) ?? NODE).height);
  }
  return { width: left - GAP_X, height: bottom };
}

/** One column: each as near to where it was as those above allow, all of it in the same middle. */
function stacked(
  column: readonly string[],
  flat: ReadonlyMap<string, Point>,
  sizes: ReadonlyMap<string, Size>,
): Array<readonly [string, number]> {
  const wishes = column
    .map((name) => {
      const { height } = sizes.get(name) ?? NODE;
      return { name, height, y: (flat.get(name)?.y ?? 0) + HEIGHT / 2 - height / 2 };
    })
    .sort((a, b) => a.y + a.height / 2 - (b.y + b.height / 2));
  let least = -Infinity;
  let pushed = 0;
  const found: Array<readonly [string, number]> = [];
  for (const { name, height, y } of wishes) {
    const at = Math.max(y, least);
    pushed += at - y;
    least = at + height + GAP_Y;
    found.push([name, at]);
  }
  const back = Math.floor(pushed / column.length + 0.5);
  return found.map(([name, y]) => [name, Math.floor(y - back + 0.5)]);
}
