/**
 * Where nodes go when nobody has put them anywhere: layers from left to right.
 *
 * The same algorithm, operation by operation, as `flowbook.graph.layout` in Python, which describes
 * it; tests/golden/layout.json holds both to it.
 */
export const WIDTH = 184;
export const HEIGHT = 84;
export const PITCH_X = WIDTH + 60;
const NODE_REACH = 60;
const POINT_REACH = 12;
const SWEEPS = 8;
const PASSES = 5;
const POINTS_PER_NODE = 2;

export interface Point {
  readonly x: number;
  readonly y: number;
}

type Neighbours = number[][];
export type Link = readonly [source: string, target: string];

export interface Routes {
  /** Top-left corners by name. */
  readonly places: ReadonlyMap<string, Point>;
  /** Where an edge enters each column it crosses; it goes straight through until x + WIDTH. */
  readonly via: (source: string, target: string) => readonly Point[];
  /** Names in the order data flows, which is the order the Tab key visits them in. */
  readonly order: readonly string[];
}

/** Top-left corners by name. */
export function layout(names: readonly string[], links: readonly Link[]): Map<string, Point> {
  return new Layout(names, links).positions();
}

/** The layout, and the corridors it keeps free for edges that cross columns. */
export function routes(names: readonly string[], links: readonly Link[]): Routes {
  const one = new Layout(names, links);
  return {
    places: one.positions(),
    via: (source, target) => one.via(source, target),
    order: one.queue.map((node) => names[node] ?? ""),
  };
}

/** Nodes are numbers in the order of input; the points of corridors are the numbers after. */
class Layout {
  readonly queue: number[] = [];
  private readonly index: ReadonlyMap<string, number>;
  private targets: Neighbours;
  private sources: Neighbours;
  private readonly layer: number[];
  private readonly layers: number[][];
  /** By source: itself, then the points of its corridor from left to right. */
  private readonly ways: number[][] = [];
  private readonly rank: number[];
  private readonly y: number[];
  private top = 0;

  constructor(
    private readonly names: readonly string[],
    links: readonly Link[],
  ) {
    this.targets = names.map(() => []);
    this.sources = names.map(() => []);
    this.index = new Map(names.map((name, i) => [name, i]));
    const seen = new Set<string>();
    for (const [from, to] of links) {
      const source = this.index.get(from);
      const target = this.index.get(to);
      const key = `${source}>${target}`;
      if (source === undefined || target === undefined || source === target || seen.has(key))
        continue;
      seen.add(key);
      this.link(source, target);
    }
    this.layer = names.map(() => 0);
    this.layers = this.inLayers();
    this.rank = this.targets.map(() => 0);
    this.y = this.targets.map(() => 0);
  }

  positions(): Map<string, Point> {
    this.order();
    this.place();
    this.top = Number.POSITIVE_INFINITY;
    for (const node of this.names.keys()) this.top = Math.min(this.top, at(this.y, node));
    return new Map(this.names.map((name, node) => [name, this.corner(node, at(this.layer, node))]));
  }

  via(from: string, to: string): Point[] {
    const source = this.index.get(from);
    const target = this.index.get(to);
    if (source === undefined || target === undefined) return [];
    const first = at(this.layer, source) + 1;
    const way = at(this.ways, source).slice(1, at(this.layer, target) - first + 1);
    return way.map((point, i) => {
      const { x, y } = this.corner(point, first + i);
      return { x, y: y + HEIGHT / 2 };
    });
  }

  private corner(one: number, column: number): Point {
    return { x: column * PITCH_X, y: Math.floor(at(this.y, one) - this.top + 0.5) };
  }

  private link(source: number, target: number): void {
    at(this.targets, source).push(target);
    at(this.sources, target).push(source);
  }

  private inLayers(): number[][] {
    const count = this.names.length;
    const waits = this.sources.map((sources) => sources.length);
    const taken = this.names.map(() => false);
    const kept: Neighbours = this.names.map(() => []);
    const { queue, layer } = this;
    for (let node = 0; node < count; node++) if (waits[node] === 0) queue.push(node);
    let oldest = 0;
    for (let done = 0; done < count; done++) {
      if (done === queue.length) {
        while (taken[oldest]) oldest++;
        queue.push(oldest);
      }
      const node = at(queue, done);
      taken[node] = true;
      for (const target of at(this.targets, node)) {
        if (taken[target]) continue;
        at(kept, node).push(target);
        layer[target] = Math.max(at(layer, target), at(layer, node) + 1);
        const left = at(waits, target) - 1;
        waits[target] = left;
        if (left === 0) queue.push(target);
      }
    }
    const layers: number[][] = [];
    for (let node = 0; node < count; node++) {
      const column = at(layer, node);
      while (layers.length <= column) layers.push([]);
      at(layers, column).push(node);
    }
    this.lead(kept, layers);
    return layers;
  }

  /** Lay corridors for these edges, which go from left to right, and link along them. */
  private lead(edges: Neighbours, layers: number[][]): void {
    this.targets = this.names.map(() => []);
    this.sources = this.names.map(() => []);
    const most = this.names.length * (POINTS_PER_NODE + 1);
    for (const [node, targets] of edges.entries()) {
      const first = at(this.layer, node) + 1;
      const last = targets.reduce((far, target) => Math.max(far, at(this.layer, target)), 0);
      const way = [node];
      if (this.targets.length + last - first <= most)
        for (let column = first; column < last; column++) {
          const point = this.targets.length;
          this.targets.push([]);
          this.sources.push([]);
          at(layers, column).push(point);
          this.link(at(way, way.length - 1), point);
          way.push(point);
        }
      for (const target of targets)
        this.link(at(way, Math.min(at(this.layer, target) - first, way.length - 1)), target);
      this.ways.push(way);
    }
  }

  /** The layers in the direction in which `neighbours` lie behind. */
  private sweep(neighbours: Neighbours): number[][] {
    return neighbours === this.sources ? this.layers.slice(1) : this.layers.slice(0, -1).reverse();
  }

  private order(): void {
    for (const layer of this.layers) this.count(layer);
    for (let sweep = 0; sweep < SWEEPS; sweep++) {
      const neighbours = sweep % 2 === 0 ? this.sources : this.targets;
      for (const layer of this.sweep(neighbours)) {
        const key = new Map(layer.map((one) => [one, mean(this.rank, at(neighbours, one), one)]));
        layer.sort((a, b) => (key.get(a) ?? 0) - (key.get(b) ?? 0));
        this.count(layer);
      }
    }
  }

  private count(layer: readonly number[]): void {
    for (const [i, one] of layer.entries()) this.rank[one] = i - (layer.length - 1) / 2;
  }

  private place(): void {
    for (const layer of this.layers) {
      const offsets = this.offsets(layer);
      for (const [i, one] of layer.entries())
        this.y[one] = at(offsets, i) - at(offsets, offsets.length - 1) / 2;
    }
    for (let turn = 0; turn < PASSES; turn++) {
      const neighbours = turn % 2 === 0 ? this.sources : this.targets;
      for (const layer of this.sweep(neighbours)) this.settle(layer, neighbours);
    }
  }

  private offsets(layer: readonly number[]): number[] {
    const found: number[] = [];
    let before = 0;
    for (const [i, one] of layer.entries()) {
      const reach = one < this.names.length ? NODE_REACH : POINT_REACH;
      found.push(i === 0 ? 0 : at(found, i - 1) + before + reach);
      before = reach;
    }
    return found;
  }

  /** As close to where each wishes to be as order and reaches allow. */
  private settle(layer: readonly number[], neighbours: Neighbours): void {
    const offsets = this.offsets(layer);
    const blocks: Array<{ sum: number; count: number }> = [];
    for (const [i, one] of layer.entries()) {
      blocks.push({ sum: mean(this.y, at(neighbours, one), one) - at(offsets, i), count: 1 });
      for (;;) {
        const last = blocks.at(-1);
        const before = blocks.at(-2);
        if (!last || !before || before.sum / before.count < last.sum / last.count) break;
        blocks.splice(-2, 2, { sum: before.sum + last.sum, count: before.count + last.count });
      }
    }
    const means = blocks.flatMap(({ sum, count }) => Array<number>(count).fill(sum / count));
    for (const [i, one] of layer.entries()) this.y[one] = at(means, i) + at(offsets, i);
  }
}

function mean(values: readonly number[], of: readonly number[], one: number): number {
  if (of.length === 0) return at(values, one);
  let total = 0;
  for (const each of of) total += at(values, each);
  return total / of.length;
}

/** The element that the algorithm knows to be there. */
function at<T>(list: readonly T[], i: number): T {
  const found = list[i];
  if (found === undefined) throw new RangeError(`nothing at ${i}`);
  return found;
}
