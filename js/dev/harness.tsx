/**
 * A page without Jupyter: `?scene=running&theme=dark&select=monthly&tab=Input&width=600`; `press`
 * names a button of the run bar (`params`, `problems`).
 */
import { Memory } from "../src/host/memory";
import type { Details, Event, FlowView } from "../src/protocol/generated";
import { begin, mount } from "../src/widget";
import * as rare from "./rare";
import * as scenes from "./scenes";

const query = new URLSearchParams(location.search);
const scene = query.get("scene") ?? "idle";
const plain = scenes.flow();
const names = plain.nodes.map((node) => node.name);

/** What each scene shows; without events nothing has run yet. */
const SCENES: Readonly<Record<string, () => readonly [FlowView, Event[] | null]>> = {
  empty: () => [{ ...plain, nodes: [], edges: [], params: [] }, null],
  problems: () => [scenes.flow(scenes.problems), null],
  kinds: () => [rare.kinds(plain), null],
  large: () => [scenes.large(40, 25), null],
  running: () => [plain, scenes.running()],
  streaming: () => [plain, scenes.running()],
  failed: () => [plain, scenes.failed()],
  succeeded: () => [plain, scenes.succeeded()],
  stale: () => [{ ...plain, stale: ["climate", "season", "report"] }, scenes.succeeded()],
  mapping: () => [scenes.mapped(), scenes.mapping()],
  mapped: () => [scenes.mapped(), scenes.mappedOver()],
  again: () => [scenes.mapped(), rare.again()],
  queued: () => [plain, []],
  asked: () => [plain, rare.asked(names)],
  suspended: () => [plain, rare.suspended(names)],
  cancelled: () => [plain, rare.cancelled(names)],
  standby: () => [rare.order(), rare.standingBy()],
  undoing: () => [rare.order(), rare.undoing()],
  undone: () => [rare.order(), rare.undone()],
  shipped: () => [rare.order(), rare.shipped()],
  finishing: () => [rare.order(), rare.givingUp()],
};
const [flow, events] = SCENES[scene]?.() ?? [plain, null];
const waits = scene === "queued" ? rare.WAITS : "";

const memory = new Memory(scenes.snapshot(flow, events, 1, waits));
let number = 1;
memory.answer = (message) => {
  setTimeout(() => {
    if (scene === "lost") return;
    if (message.type === "HELLO") memory.tell(scenes.snapshot(flow, events, ++number, waits));
    if (message.type === "INSPECT") memory.tell(details(message.view, message.node));
    if (message.type === "HELLO" && scene === "streaming") speak();
    if (message.type === "RUN") play();
  }, 20);
};

/** What came of a node, if anything did; a scene of a single turn tells of all turns. */
function details(view: string, node: string): Details {
  const told = scenes.details(view, node);
  const gave = events?.some(
    (event) =>
      (event.kind === "NODE_COMPLETED" || event.kind === "NODE_REUSED") && event.node === node,
  );
  if (gave) return told;
  const began = events?.some((event) => event.kind === "NODE_STARTED" && event.node === node);
  return began ? { ...told, outputs: [] } : { ...told, inputs: [], outputs: [], logs: [] };
}

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
  setTimeout(() => look(place), 300);
}

/** Open what the address asks for, as somebody would who presses it. */
function look(place: HTMLElement): void {
  const press = (selector: string) => place.querySelector<HTMLElement>(selector)?.click();
  const wanted = query.get("select");
  const tab = query.get("tab");
  const button = query.get("press");
  if (wanted !== null) press(`.react-flow__node[data-id="${wanted}"]`);
  if (button === "problems") press(".fb-problems-button");
  else if (button !== null) press(`[data-action="${button}"]`);
  if (tab !== null) setTimeout(() => press(`[data-tab="${tab}"]`), 200);
}
