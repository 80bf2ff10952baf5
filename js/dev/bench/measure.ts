/** What is measured on either page: how soon frames are even, how many come, which task is longest. */

const EVEN_MS = 25;
const EVEN_FRAMES = 10;
const PATIENCE_MS = 20_000;

const frame = () => new Promise<number>((done) => requestAnimationFrame(done));

/** Milliseconds from `began` to the first of ten frames that come in time, with `ready` true. */
export async function settled(began: number, ready: () => boolean): Promise<number> {
  let even = 0;
  let first = 0;
  let last = await frame();
  while (even < EVEN_FRAMES) {
    const now = await frame();
    const fits = now - last <= EVEN_MS && (even > 0 || ready());
    if (even === 0) first = performance.now();
    even = fits ? even + 1 : 0;
    last = now;
    if (now - began > PATIENCE_MS) return Number.NaN;
  }
  return first - began;
}

export interface Frames {
  readonly fps: number;
  /** Milliseconds of the longest task of the main thread; 0 when all were under 50. */
  readonly task: number;
}

/** Frames per second while `each` is called in every one of them. */
export async function frames(ms: number, each: (i: number) => void): Promise<Frames> {
  let task = 0;
  const observer = new PerformanceObserver((list) => {
    for (const one of list.getEntries()) task = Math.max(task, one.duration);
  });
  observer.observe({ type: "longtask" });
  const began = await frame();
  let now = began;
  let count = 0;
  while (now - began < ms) {
    each(count++);
    now = await frame();
  }
  await new Promise((done) => setTimeout(done, 100));
  observer.disconnect();
  return { fps: (count * 1000) / (now - began), task };
}

const viewport = () => document.querySelector<HTMLElement>(".react-flow__viewport");
const pane = () => document.querySelector<HTMLElement>(".react-flow__pane");
const CENTRE = { clientX: 740, clientY: 430 };

async function moved(act: () => Promise<Frames>): Promise<Frames> {
  const before = viewport()?.style.transform;
  let changed = false;
  const watch = new MutationObserver(() => {
    changed ||= viewport()?.style.transform !== before;
  });
  const seen = viewport();
  if (seen !== null) watch.observe(seen, { attributes: true });
  const found = await act();
  watch.disconnect();
  if (!changed) throw new Error("the view did not move");
  return found;
}

/** Drag the pane in circles of that radius. */
export function pan(ms: number, radius: number): Promise<Frames> {
  const mouse = (type: string, x: number, y: number) => ({
    fire: (target: EventTarget | null) =>
      target?.dispatchEvent(
        new MouseEvent(type, {
          ...{ bubbles: true, cancelable: true, view: window, button: 1, buttons: 4 },
          ...{ clientX: CENTRE.clientX + x, clientY: CENTRE.clientY + y },
        }),
      ),
  });
  return moved(async () => {
    mouse("mousedown", 0, 0).fire(pane());
    const found = await frames(ms, (i) => {
      const angle = i / 20;
      mouse("mousemove", radius * (Math.cos(angle) - 1), radius * Math.sin(angle)).fire(window);
    });
    mouse("mouseup", 0, 0).fire(window);
    return found;
  });
}

/** Pinch in and out again, twice a second. */
export function zoom(ms: number): Promise<Frames> {
  return moved(() =>
    frames(ms, (i) => {
      const deltaY = i % 60 < 30 ? -12 : 12;
      const wheel = { bubbles: true, cancelable: true, view: window, ctrlKey: true, deltaY };
      pane()?.dispatchEvent(new WheelEvent("wheel", { ...wheel, ...CENTRE }));
    }),
  );
}

/** What a page can be asked, by the script that opened it. */
export interface Bench {
  /** Show a flow of so many nodes, as a whole or its beginning; milliseconds until it stands. */
  readonly open: (count: number, whole: boolean) => Promise<number>;
  readonly pan: (ms: number, radius: number) => Promise<Frames>;
  readonly zoom: (ms: number) => Promise<Frames>;
  /** Change the status of so many nodes a second. */
  readonly update: (ms: number, rate: number) => Promise<Frames>;
  /** Show a whole run of it, then the flow with one word changed; milliseconds of both. */
  readonly again?: () => Promise<readonly [number, number]>;
}

/** How many nodes are drawn. */
export function drawn(): number {
  return document.querySelectorAll(".react-flow__node").length;
}
