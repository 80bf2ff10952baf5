/** A page without Jupyter: `?scene=running&theme=dark&select=monthly&width=600`. */
import { Memory } from "../src/host/memory";
import type { FlowView } from "../src/protocol/generated";
import { begin, mount } from "../src/widget";
import * as scenes from "./scenes";

const query = new URLSearchParams(location.search);
const scene = query.get("scene") ?? "idle";
const flow: FlowView =
  scene === "empty"
    ? { ...scenes.flow(), nodes: [], edges: [], params: [] }
    : scene === "problems"
      ? scenes.flow(scenes.problems)
      : scene === "large"
        ? scenes.large(40, 25)
        : scene === "stale"
          ? { ...scenes.flow(), stale: ["climate", "season", "report"] }
          : scene.startsWith("map")
            ? scenes.mapped()
            : scenes.flow();
const events =
  scene === "running" || scene === "streaming"
    ? scenes.running()
    : scene === "mapping"
      ? scenes.mapping()
      : scene === "mapped"
        ? scenes.mappedOver()
        : scene === "failed"
          ? scenes.failed()
          : scene === "succeeded" || scene === "stale"
            ? scenes.succeeded()
            : null;

const memory = new Memory(scenes.snapshot(flow, events));
let number = 1;
memory.answer = (message) => {
  setTimeout(() => {
    if (scene === "lost") return;
    if (message.type === "HELLO") memory.tell(scenes.snapshot(flow, events, ++number));
    if (message.type === "INSPECT") memory.tell(scenes.details(message.view, message.node));
    if (message.type === "HELLO" && scene === "streaming") speak();
    if (message.type === "RUN") play();
  }, 20);
};

/** The whole run, a batch every 300 ms. */
function play(): void {
  const all = scenes.succeeded();
  const step = () => {
    const some = all.splice(0, 4);
    if (some.length === 0) return;
    memory.tell({ type: "BATCH", seq: ++number, events: some, progress: [], streams: [] });
    setTimeout(step, 300);
  };
  step();
}

/** A node that says something, three words every 120 ms. */
function speak(): void {
  let from = 0;
  const step = () => {
    const streams = scenes.said(from);
    if (streams.length === 0) return;
    memory.tell({ type: "BATCH", seq: ++number, events: [], progress: [], streams });
    from += 3;
    setTimeout(step, 120);
  };
  step();
}

const place = document.getElementById("canvas");
if (place !== null) {
  place.style.width = `${query.get("width") ?? "1280"}px`;
  const session = begin(memory);
  mount(place, session);
  if (scene === "lost") memory.link(false);
  if (scene === "refused")
    memory.tell({
      type: "REFUSED",
      message: "1 parameter does not fit the flow",
      hint: "see below",
      problems: [
        {
          severity: "error",
          message: "'hot_above' cannot be 'warm'",
          node: null,
          cell: null,
          line: null,
          hint: "write a number",
        },
      ],
    });
  Object.assign(window, { memory, session });
}
