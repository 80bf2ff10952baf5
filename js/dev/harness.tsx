/**
 * A page without Jupyter: `?scene=running&theme=dark&select=monthly&tab=Input&width=600`; `press`
 * names a button of the run bar (`params`, `problems`), `key` keys that are pressed (`Mod+f`), and
 * `type` what is written then.
 */
import { Memory } from "../src/host/memory";
import type { Details, Event, FlowView, ViewMessage } from "../src/protocol/generated";
import type { CanvasHandle } from "../src/protocol/handle";
import { rendering } from "../src/protocol/rendermime";
import { begin, mount } from "../src/widget";
import { answer } from "./asked";
import * as editing from "./editing";
import * as forms from "./forms";
import { gesture, rearranged } from "./gestures";
import * as outputs from "./outputs";
import { overlay } from "./overlays";
import * as past from "./past";
import * as rare from "./rare";
import * as running from "./running";
import * as scenes from "./scenes";

const query = new URLSearchParams(location.search);
const scene = query.get("scene") ?? "idle";
const plain = scenes.flow();
const names = plain.nodes.map((node) => node.name);

/** What each scene shows; without events nothing has run yet. */
const SCENES: Readonly<Record<string, () => readonly [FlowView, Event[] | null]>> = {
  editing: () => [editing.editing(), null],
  containers: () => [editing.containers(), null],
  notes: () => [editing.notes(), null],
  empty: () => [{ ...plain, nodes: [], edges: [], params: [] }, null],
  problems: () => [scenes.flow(scenes.problems), null],
  kinds: () => [rare.kinds(plain), null],
  large: () => [scenes.large(40, 25), null],
  running: () => [plain, scenes.running()],
  streaming: () => [plain, scenes.running()],
  failed: () => [plain, scenes.failed()],
  succeeded: () => [plain, scenes.succeeded()],
  locked: () => [{ ...plain, locked: "this notebook is shown as it was published." }, null],
  stale: () => [
    { ...plain, stale: ["climate", "season", "report"], reasons: { climate: "its code changed" } },
    scenes.succeeded(),
  ],
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
  ...Object.fromEntries(
    ["form", "router", "merge", "subflow", "flow-settings"].map((name) => [
      name,
      () => [forms.flow, forms.events] as const,
    ]),
  ),
  finishing: () => [rare.order(), rare.givingUp()],
};
Object.assign(SCENES, {
  paused: () => [plain, running.paused(scenes.running(), false)],
  stepping: () => [plain, running.paused(scenes.running(), true)],
  grid: SCENES.succeeded,
  outputs: SCENES.succeeded,
  hosted: SCENES.succeeded,
  path: SCENES.succeeded,
  frequency: SCENES.succeeded,
  divergence: SCENES.succeeded,
  heat: SCENES.succeeded,
  "edge-preview": SCENES.succeeded,
  "map-progress": SCENES.mapping,
});
const PAST: Readonly<Record<string, () => readonly [FlowView, Event[]]>> = {
  run: () => past.played(plain, scenes.succeeded()),
  "run-failed": () => past.played(plain, scenes.failed()),
  "run-live": () => past.played(plain, scenes.running()),
  "run-map": () => past.played(scenes.mapped(), scenes.mappedOver()),
  "run-empty": () => [{ ...plain, locked: past.LOCKED }, []],
  "run-gone": () => past.played(plain, scenes.succeeded()),
  "run-huge": () => past.huge(),
  compare: () => past.played(plain, scenes.succeeded()),
};
let [flow, events] = (PAST[scene] ?? SCENES[scene])?.() ?? [plain, null];
const waits = scene === "queued" ? rare.WAITS : "";

const OUTPUTS = scene === "outputs" || scene === "hosted";
const memory = new Memory(scenes.snapshot(flow, events, 1, waits));
let number = 1;
const snapshot = () => memory.tell(scenes.snapshot(flow, events, ++number, waits));
if (scene in PAST && events !== null)
  memory.page = new past.Page(
    events,
    scene === "compare" ? "0197f3a2-0000-7000-8000-0000e5f6a7b8" : undefined,
    scene === "run-gone" ? "gone" : "whole",
  );
memory.answer = (message) => {
  setTimeout(() => {
    if (scene === "lost") return;
    const moved = rearranged(message, flow);
    if (moved !== null) change(moved);
    if (message.type === "HELLO") snapshot();
    if (message.type === "INSPECT") memory.tell(details(message.view, message.node));
    if (message.type === "HELLO" && scene === "streaming") speak();
    if (message.type === "RUN") play();
    if ("rid" in message) reply(message);
  }, 20);
};

/** Do what was asked, as far as this page can; a flow that changed is told like any other. */
const before: FlowView[] = [];
function change(next: FlowView): void {
  before.push(flow);
  flow = next;
  snapshot();
}

function reply(message: Extract<ViewMessage, { readonly rid: number }>): void {
  const { view, rid, type } = message;
  const seen = running.look(message);
  if (seen !== null) {
    memory.tell(seen);
    return;
  }
  const told = flow.flow === forms.flow.flow ? forms.answer(message) : null;
  if (told !== null) {
    memory.tell(told[0]);
    if (told[1]) memory.tell(scenes.snapshot(flow, events, ++number, waits));
    return;
  }
  const done = gesture(message, flow) ?? answer(message, flow, before.at(-1) ?? null);
  if (done === null) {
    const why = { message: `This page has no ${type}.`, hint: null, problems: [] };
    memory.tell({ type: "REFUSED", ...why, view, rid });
    return;
  }
  memory.tell(done[0]);
  if (done[1] === flow) return;
  change(done[1]);
  if (type === "UNDO") before.splice(-2);
}

/** What came of a node, if anything did; a scene of a single turn tells of all turns. */
function details(view: string, node: string): Details {
  const told = scenes.details(view, node);
  const gave = events?.some(
    (event) =>
      (event.kind === "NODE_COMPLETED" || event.kind === "NODE_REUSED") && event.node === node,
  );
  if (gave && scene === "grid")
    return {
      ...told,
      outputs: told.outputs.map((one) => ({ ...one, preview: running.large(), note: "" })),
    };
  if (gave) return OUTPUTS ? outputs.given(told) : told;
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
  if (scene === "hosted") Object.assign(memory, { render: rendering(outputs.registry) });
  const session = begin(memory);
  if (scene in PAST) place.style.setProperty("--fb-height", query.get("height") ?? "760px");
  const handle = mount(place, session, scene in PAST);
  if (scene === "lost") memory.link(false);
  if (scene === "refused")
    memory.tell({
      type: "REFUSED",
      view: "",
      rid: null,
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
  Object.assign(window, { memory, session, handle });
  setTimeout(() => look(place, handle), 300);
  setTimeout(() => document.body.setAttribute("data-stands", ""), 800);
}

/** Open what the address asks for, as somebody would who presses it. */
function look(place: HTMLElement, handle: CanvasHandle): void {
  const press = (selector: string) => place.querySelector<HTMLElement>(selector)?.click();
  const wanted = query.get("select");
  const tab = query.get("tab");
  const button = query.get("press");
  if (wanted !== null) press(`.react-flow__node[data-id="${wanted}"]`);
  handle.overlay(overlay(query.get("overlay") ?? scene, flow));
  if (scene === "flow-settings") handle.execute("flow-settings");
  const key = query.get("key");
  if (key !== null) {
    const root = place.querySelector(".fb-root");
    for (const one of key.split(" ")) {
      const [name = "", ...held] = one.split("+").reverse();
      const way = { ctrlKey: held.includes("Mod"), shiftKey: held.includes("Shift") };
      root?.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, ...way }));
    }
    setTimeout(() => type(query.get("type")), 100);
  }
  if (scene === "edge-preview")
    place
      .querySelectorAll(".fb-edge")[3]
      ?.dispatchEvent(new PointerEvent("pointerenter", { bubbles: false }));
  if (button === "problems") press(".fb-problems-button");
  else if (button !== null) press(`[data-action="${button}"]`);
  if (tab !== null) setTimeout(() => press(`[data-tab="${tab}"]`), 200);
}

/** Write into the field that has the focus. */
function type(text: string | null): void {
  const field = document.activeElement;
  if (text === null || !(field instanceof HTMLInputElement)) return;
  field.value = text;
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
}
