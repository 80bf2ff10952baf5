/** A recorded run as users get it, gone through as somebody does who drags the slider. */
import type { CanvasHandle, Transport } from "../../src/protocol/handle";
import { huge, Page } from "../past";
import * as scenes from "../scenes";
import { drawn, type Frames, frames, settled } from "./measure";

interface Bundle {
  open(transport: Transport, el: HTMLElement): CanvasHandle;
}

let count = 0;

async function open(nodes: number, each: number): Promise<number> {
  const [flow, events] = huge(nodes, each);
  count = events.length;
  const hearers: Array<(content: unknown) => void> = [];
  const transport: Transport = {
    page: new Page(events),
    opening: () => null,
    onMessage: (callback) => hearers.push(callback),
    onLink: () => {},
    send: (message) => {
      void answer(message).then((told) => {
        if (told !== null) for (const hear of hearers) hear(told);
      });
    },
  };
  const answer = async (message: Parameters<Transport["send"]>[0]) => {
    if (message.type === "HELLO") return scenes.snapshot(flow, events, 1, "");
    if (message.type !== "PART") return null;
    const text = await (await fetch(`./${message.name}.js`)).text();
    return { type: "PART", view: message.view, rid: message.rid, text };
  };
  const file = "./widget.js";
  const bundle: Bundle = await import(file);
  const began = performance.now();
  const place = document.getElementById("place");
  if (place === null) throw new Error("this page has no place");
  bundle.open(transport, place);
  return settled(began, () => drawn() > 20 && document.querySelector(".fb-time-line") !== null);
}

/** Drag the slider to and fro, to another place in every frame. */
async function scrub(ms: number): Promise<Frames> {
  const line = document.querySelector<HTMLElement>(".fb-time-line");
  if (line === null) throw new Error("there is no slider");
  const { left, top, width } = line.getBoundingClientRect();
  const fire = (type: string, place: number) =>
    line.dispatchEvent(
      new PointerEvent(type, {
        ...{ bubbles: true, cancelable: true, pointerId: 1, button: 0, buttons: 1 },
        ...{ clientX: left + place * width, clientY: top + 20 },
      }),
    );
  line.setPointerCapture = () => {}; // no finger is down
  line.hasPointerCapture = () => true;
  fire("pointerdown", 0.5);
  const moments = new Set<string | null>();
  const found = await frames(ms, (i) => {
    fire("pointermove", 0.5 + 0.49 * Math.sin(i / 9));
    moments.add(line.getAttribute("aria-valuenow"));
  });
  if (moments.size < 10) throw new Error("the moment did not change");
  return found;
}

Object.assign(window, { bench: { open, scrub, count: () => count } });
