/**
 * Where nodes go when nobody has put them anywhere: layers from left to right.
 *
 * The same algorithm, operation by operation, as `flowbook.graph.layout` in Python, which describes
 * it; tests/golden/layout.json holds both to it.
 */
export const WIDTH = 200;
export const HEIGHT = 84;
const PITCH_X = WIDTH + 80;
const PITCH_Y = HEIGHT + 36;
const SWEEPS = 8;

export interface Point {
  readonly x: number;
  readonly y: number;
}

type Neighbours = number[][];
export type Link = readonly [source: string, target: string];

/** Top-left corners by name. */
export function layout(names: readonly string[], links: readonly Link[]): Map<string, Point> {
  return new Layout(names, links).positions();
}

/** Names in the order data flows, which is the order the Tab key visits them in. */
export function flowOrder(names: readonly string[], links: readonly Link[]): string[] {
  return new Layout(names, links).queue.map((node) => names[node] ?? "");
}

class Layout {
  readonly queue: number[] = [];
  private targets: Neighbours;
  private sources: Neighbours;
  private readonly layers: number[][];
  private readonly rank: number[];
  private y: number[];

  constructor(
    private readonly names: readonly string[],
    links: readonly Link[],
  ) {
    this.targets = names.map(() => []);
    this.sources = names.map(() => []);
    const index = new Map(names.map((name, i) => [name, i]));
    const seen = new Set<string>();
    for (const [from, to] of links) {
      const source = index.get(from);
      const target = index.get(to);
      const key = `${source}>${target}`;
      if (source === undefined || target === undefined || source === target || seen.has(key))
        continue;
      seen.add(key);
      at(this.targets, source).push(target);
      at(this.sources, target).push(source);
    }
    this.layers = this.inLayers();
    this.rank = names.map(() => 0);
    this.y = names.map(() => 0);
  }

  positions(): Map<string, Point> {
    this.order();
    this.y = this.rank.map((rank) => rank * PITCH_Y);
    for (const neighbours of [this.sources, this.targets, this.sources])
      for (const layer of this.sweep(neighbours)) this.place(layer, neighbours);
    const top = this.y.reduce((least, one) => Math.min(least, one), Number.POSITIVE_INFINITY);
    const found = new Map<string, Point>();
    for (const [column, layer] of this.layers.entries())
      for (const node of layer)
        found.set(at(this.names, node), {
          x: column * PITCH_X,
          y: Math.floor(at(this.y, node) - top + 0.5),
        });
    return found;
  }

  private inLayers(): number[][] {
    const count = this.names.length;
    const layer = this.names.map(() => 0);
    const waits = this.sources.map((sources) => sources.length);
    const taken = this.names.map(() => false);
    const { queue } = this;
    for (let node = 0; node < count; node++) if (waits[node] === 0) queue.push(node);
    const kept = new Set<string>();
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
        kept.add(`${node}>${target}`);
        layer[target] = Math.max(at(layer, target), at(layer, node) + 1);
        const left = at(waits, target) - 1;
        waits[target] = left;
        if (left === 0) queue.push(target);
      }
    }
    this.keep(kept);
    const layers: number[][] = [];
    for (let node = 0; node < count; node++) {
      const column = at(layer, node);
      while (layers.length <= column) layers.push([]);
      at(layers, column).push(node);
    }
    return layers;
  }

  /** Only these edges from here on: those that go from left to right. */
  private keep(kept: ReadonlySet<string>): void {
    this.targets = this.targets.map((targets, node) =>
      targets.filter((target) => kept.has(`${node}>${target}`)),
    );
    this.sources = this.sources.map((sources, node) =>
      sources.filter((source) => kept.has(`${source}>${node}`)),
    );
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
        const key = new Map(
          layer.map((node) => [node, mean(this.rank, at(neighbours, node), node)]),
        );
        layer.sort((a, b) => (key.get(a) ?? 0) - (key.get(b) ?? 0));
        this.count(layer);
      }
    }
  }

  private count(layer: readonly number[]): void {
    for (const [i, node] of layer.entries()) this.rank[node] = i - (layer.length - 1) / 2;
  }

  /** As close to where each node wishes to be as order and pitch allow. */
  private place(layer: readonly number[], neighbours: Neighbours): void {
    const blocks: Array<{ sum: number; count: number }> = [];
    for (const [i, node] of layer.entries()) {
      blocks.push({ sum: mean(this.y, at(neighbours, node), node) - i * PITCH_Y, count: 1 });
      for (;;) {
        const last = blocks.at(-1);
        const before = blocks.at(-2);
        if (!last || !before || before.sum / before.count < last.sum / last.count) break;
        blocks.splice(-2, 2, { sum: before.sum + last.sum, count: before.count + last.count });
      }
    }
    const means = blocks.flatMap(({ sum, count }) => Array<number>(count).fill(sum / count));
    for (const [i, node] of layer.entries()) this.y[node] = at(means, i) + i * PITCH_Y;
  }
}

function mean(values: readonly number[], of: readonly number[], node: number): number {
  if (of.length === 0) return at(values, node);
  let total = 0;
  for (const one of of) total += at(values, one);
  return total / of.length;
}

/** The element that the algorithm knows to be there. */
function at<T>(list: readonly T[], i: number): T {
  const found = list[i];
  if (found === undefined) throw new RangeError(`nothing at ${i}`);
  return found;
}
