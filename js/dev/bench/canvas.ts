/** The canvas as users get it, driven as a kernel would drive it. */
import type { AnyWidget } from "@anywidget/types";
import type { Event, FlowView } from "../../src/protocol/generated";
import { completed, created, flowOf, history, snapshotText, started } from "./flows";
import { type Bench, drawn, frames, pan, settled, zoom } from "./measure";

/** The kernel says at most so often what happened. */
const INTERVAL_MS = 50;

let flow: FlowView;
let number = 1;
let hear: (content: unknown) => void = () => {};

const model = {
  get: () => JSON.parse(snapshotText(flow, null, number)),
  send: ({ type }: { readonly type: string }) => {
    if (type === "HELLO") setTimeout(() => tell(snapshotText(flow, null, ++number)), 5);
  },
  on: (name: string, callback: (content: unknown) => void) => {
    if (name === "msg:custom") hear = callback;
  },
};

function tell(text: string): void {
  hear(JSON.parse(text));
}

function batch(events: Event[]): string {
  return JSON.stringify({ type: "BATCH", seq: ++number, events, progress: [], streams: [] });
}

const bench: Bench = {
  open: async (count, whole) => {
    flow = flowOf(count);
    const file = "./widget.js";
    const factory: () => Promise<AnyWidget> = (await import(file)).default;
    const widget = (await factory()) as unknown as {
      initialize: (props: unknown) => void;
      render: (props: unknown) => void;
    };
    const began = performance.now();
    widget.initialize({ model });
    widget.render({ model, el: document.getElementById("place") });
    const took = await settled(began, () => drawn() > 20);
    if (!whole) return took;
    document.querySelector<HTMLElement>('.fb-tools [aria-label^="Fit"]')?.click();
    await settled(performance.now(), () => drawn() === count);
    return took;
  },
  pan,
  zoom,
  update: (ms, rate) => {
    const nodes = flow.nodes.map((node) => node.name);
    tell(batch([created(flow)]));
    let told = 0;
    let at = performance.now();
    return frames(ms, () => {
      if (performance.now() - at < INTERVAL_MS) return;
      at += INTERVAL_MS;
      const some = Array.from({ length: (rate * INTERVAL_MS) / 1000 }, () => {
        const node = nodes[(told >> 1) % nodes.length] ?? "";
        return told++ % 2 === 0 ? started(node) : completed(node);
      });
      tell(batch(some));
    });
  },
  again: async () => {
    const events = history(flow);
    const run = snapshotText(flow, events, ++number);
    const [first, ...more] = flow.nodes;
    const changed = first === undefined ? flow : { ...flow, nodes: [typed(first), ...more] };
    const typing = snapshotText(changed, events, ++number);
    const begin = performance.now();
    tell(run);
    const whole = await settled(
      begin,
      () => document.querySelector('[data-status="succeeded"]') !== null,
    );
    const then = performance.now();
    tell(typing);
    return [whole, await settled(then, () => true)];
  },
};

function typed(node: FlowView["nodes"][number]): FlowView["nodes"][number] {
  return { ...node, settings: [{ name: "url", origin: "literal", text: "https://a" }] };
}

Object.assign(window, { bench });
