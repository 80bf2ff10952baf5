/** A document with canvases: who answers for them, and when. */
import { YNotebook } from "@jupyter/ydoc";
import { Signal } from "@lumino/signaling";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { NotebookLink } from "../src/lab/link";
import type { LineMessage, OpenLine, Turn } from "../src/lab/openLine";
import type { NotebookMessage, ViewMessage } from "../src/protocol/generated";

class FakeLine implements OpenLine {
  readonly sent: LineMessage[] = [];
  gone = false;
  constructor(
    readonly hear: (content: unknown) => void,
    first?: NotebookMessage,
  ) {
    if (first !== undefined) this.sent.push(first);
  }
  send(message: LineMessage) {
    this.sent.push(message);
  }
  async close() {
    this.gone = true;
  }
  dispose() {
    this.gone = true;
  }
  turn = (_: Turn) => {};
  tries = 0;
  onTurn(callback: (turn: Turn) => void) {
    this.turn = callback;
  }
  reconnect() {
    this.tries += 1;
  }
  get types() {
    return this.sent.map((one) => one.type);
  }
}

interface FakeKernel {
  readonly model: { readonly id: string; readonly name: string };
  status: string;
  connectionStatus: string;
  requestKernelInfo: () => Promise<unknown>;
  reconnect: () => Promise<void>;
}

/** A notebook without a word about flows, a kernel that may have flowbook, and a server. */
class World {
  readonly lines: FakeLine[] = [];
  readonly served: FakeLine[] = [];
  hasFlowbook = false;
  /** Why flowbook cannot be loaded; null when it can. */
  reason: string | null = null;
  loads = 0;
  starts = 0;
  asked = 0;
  readonly shared = YNotebook.create({
    data: { cells: [{ id: "a", cell_type: "code", source: "1", metadata: {} }] as never },
  });
  readonly kernelChanged: Signal<object, unknown> = new Signal({});
  readonly statusChanged: Signal<object, unknown> = new Signal({});
  readonly link: NotebookLink;

  constructor(public now: FakeKernel | null = idle()) {
    const world = this;
    this.shared.clearUndoHistory();
    const session = {
      get session() {
        return world.now === null ? null : { kernel: world.now };
      },
      iopubMessage: new Signal({}),
      kernelChanged: this.kernelChanged,
      statusChanged: this.statusChanged,
    };
    this.link = new NotebookLink(this.shared, session as never, {
      open: async (_kernel, first, hear) => {
        this.asked += 1;
        if (!this.hasFlowbook) return null;
        this.lines.push(new FakeLine(hear, first()));
        return this.line;
      },
      serve: (_cells, hear, _failed, turned) => {
        this.served.push(new FakeLine(hear));
        this.server.turn = turned;
        return this.server;
      },
      load: async () => {
        this.loads += 1;
        this.hasFlowbook = this.reason === null;
        return this.reason;
      },
      start: async () => {
        this.starts += 1;
      },
      notify: () => {},
      view: "v",
      path: () => "x.ipynb",
      locked: () => "",
    });
  }

  get line() {
    return this.lines.at(-1) as FakeLine;
  }

  get server() {
    return this.served.at(-1) as FakeLine;
  }

  status(status: string) {
    if (this.now !== null) this.now.status = status;
    this.statusChanged.emit(status);
  }
}

/** A canvas on a way: what it heard, and that it greets whoever answers. */
function canvas(world: World) {
  const way = world.link.transport();
  const heard: unknown[] = [];
  way.onMessage((content) => heard.push(content));
  way.onLink(() => way.send(HELLO));
  way.send(HELLO);
  return { way, heard };
}

function idle(): FakeKernel {
  return {
    model: { id: "k", name: "python3" },
    status: "idle",
    connectionStatus: "connected",
    requestKernelInfo: async () => ({}),
    reconnect: async () => {},
  };
}

const HELLO: ViewMessage = { type: "HELLO", view: "c" };
const RUN: ViewMessage = { type: "RUN", params: {} };
const settle = () => vi.advanceTimersByTimeAsync(400);

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "warn").mockReturnValue();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("a notebook that nobody sees as a flow asks nobody", async () => {
  const world = new World();
  await settle();
  expect([world.asked, world.loads, world.served.length]).toEqual([0, 0, 0]);
});

test("a canvas has flowbook loaded in an idle kernel, and greets it", async () => {
  const world = new World();
  canvas(world);
  await settle();
  expect(world.loads).toBe(1);
  expect(world.line.types).toEqual(["CELLS", "HELLO"]);
  expect(world.link.answering).toBe("kernel");
});

test("a busy kernel is left alone; the server shows the flow until it is idle", async () => {
  const world = new World();
  world.status("busy");
  canvas(world);
  await settle();
  expect([world.loads, world.link.answering]).toEqual([0, "server"]);
  world.status("idle");
  await settle();
  expect([world.loads, world.link.answering]).toEqual([1, "kernel"]);
});

test("a kernel where flowbook is not installed is told why, and asked once", async () => {
  const world = new World();
  world.reason = "flowbook is not installed where this kernel runs";
  canvas(world);
  await settle();
  world.status("idle");
  await settle();
  expect(world.loads).toBe(1);
  expect([world.link.answering, world.link.reason]).toEqual(["absent", world.reason]);
  expect(world.server.types).toContain("HELLO");
});

test("what was typed is told before a canvas asks, so that its edit is of the newest text", async () => {
  const world = new World();
  const { way } = canvas(world);
  await settle();
  world.shared.cells[0]?.setSource("2");
  way.send({ type: "MOVE", positions: {} });
  expect(world.line.types.slice(-2)).toEqual(["CHANGED", "MOVE"]);
});

test("with a canvas a busy kernel hears of changes, too", async () => {
  const world = new World();
  canvas(world);
  await settle();
  world.status("busy");
  world.shared.cells[0]?.setSource("2");
  await settle();
  expect(world.line.types.at(-1)).toBe("CHANGED");
});

test("what the kernel says of the flow reaches every canvas, with the document's undo", async () => {
  const world = new World();
  const one = canvas(world);
  const other = canvas(world);
  await settle();
  world.shared.insertCell(0, { cell_type: "code", source: "" });
  world.line.hear({ type: "SNAPSHOT", seq: 1, flow: { nodes: [] }, run: null });
  expect(one.heard).toEqual(other.heard);
  expect(one.heard[0]).toMatchObject({ flow: { undo: "change of cells", redo: null } });
});

test("a step of undo has the name of its gesture, undone and done again", async () => {
  const world = new World();
  const { way } = canvas(world);
  await settle();
  const cells = world.line.sent.find((one) => one.type === "CELLS");
  const revision = cells?.type === "CELLS" ? cells.cells[0]?.revision : -1;
  const metadata = { flowbook: { position: [1, 2] } };
  const move = { type: "SET_METADATA", cell: "a", metadata, revision };
  const told = { rid: 1, quiet: false, last: false, patches: [move] };
  world.line.hear({ type: "PATCH", label: "Move a", ...told });
  expect(world.link.history.undoes).toBe("Move a");
  way.undoing?.undo();
  expect(world.shared.cells[0]?.getMetadata("flowbook")).toBeUndefined();
  expect([world.link.history.undoes, world.link.history.redoes]).toEqual([null, "Move a"]);
  way.undoing?.redo();
  expect(world.link.history.undoes).toBe("Move a");
});

test("behind the last canvas the kernel is told, and its line stays", async () => {
  const world = new World();
  const one = canvas(world);
  const other = canvas(world);
  await settle();
  one.way.dispose();
  expect(world.line.types).not.toContain("CANVAS_CLOSED");
  other.way.dispose();
  expect(world.line.types.at(-1)).toBe("CANVAS_CLOSED");
  expect(world.line.gone).toBe(false);
});

test("when the kernel dies the server answers at once, and the kernel again when it is back", async () => {
  const world = new World();
  canvas(world);
  await settle();
  world.hasFlowbook = false;
  world.status("autorestarting");
  expect(world.lines[0]?.gone).toBe(true);
  expect(world.link.answering).toBe("server");
  world.status("starting");
  await settle();
  expect([world.loads, world.link.answering]).toEqual([2, "kernel"]);
  expect(world.server.gone).toBe(true);
});

/** A kernel restarts, and its connection can be made anew. */
function restarting() {
  const world = new World();
  canvas(world);
  const reconnect = vi.fn(async () => {});
  const now = { ...idle(), reconnect };
  world.now = now;
  world.status("autorestarting");
  return { world, now, reconnect };
}

test("a kernel that restarted and is never heard of is reached anew, later each time", async () => {
  const { world, now, reconnect } = restarting();
  now.status = "unknown"; // as JupyterLab has it once it has opened the connection again
  await vi.advanceTimersByTimeAsync(7_900);
  expect(reconnect).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(200);
  expect(reconnect).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(15_000);
  expect(reconnect).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(reconnect).toHaveBeenCalledTimes(2);
  world.status("idle");
  await vi.advanceTimersByTimeAsync(300_000);
  expect(reconnect).toHaveBeenCalledTimes(2);
});

test("a kernel that answers and is not heard of otherwise is spoken with on a way of our own", async () => {
  const { world, now } = restarting();
  now.status = "unknown";
  expect(world.link.answering).toBe("server");
  await vi.advanceTimersByTimeAsync(8_100);
  expect(world.link.answering).toBe("kernel");
});

test.each([
  ["that is heard of in time", "idle", "connected"],
  ["that is dead", "dead", "connected"],
  ["whose connection is cut", "unknown", "connecting"],
])("a kernel %s is left alone", async (_, status, connectionStatus) => {
  const { now, reconnect } = restarting();
  Object.assign(now, { status, connectionStatus });
  await vi.advanceTimersByTimeAsync(300_000);
  expect(reconnect).not.toHaveBeenCalled();
});

test("nobody is reached anew for a document that is closed", async () => {
  const { world, now, reconnect } = restarting();
  now.status = "unknown";
  world.link.dispose();
  await vi.advanceTimersByTimeAsync(300_000);
  expect(reconnect).not.toHaveBeenCalled();
});

test("a kernel of a notebook without flows is left to JupyterLab", async () => {
  const world = new World();
  const reconnect = vi.fn(async () => {});
  world.now = { ...idle(), reconnect };
  world.status("autorestarting");
  world.now.status = "unknown";
  await vi.advanceTimersByTimeAsync(300_000);
  expect(reconnect).not.toHaveBeenCalled();
});

test("Run without a kernel starts one, and the run begins once it has flowbook", async () => {
  const world = new World(null);
  const { way } = canvas(world);
  way.send(RUN);
  await settle();
  expect(world.starts).toBe(1);
  expect(world.server.types).not.toContain("RUN");
  world.now = idle();
  world.kernelChanged.emit({});
  await settle();
  expect(world.line.types).toEqual(["CELLS", "HELLO", "RUN"]);
});

test("Run where flowbook cannot be loaded is refused with the reason", async () => {
  const world = new World();
  world.reason = "this kernel speaks R";
  const { way, heard } = canvas(world);
  await settle();
  way.send(RUN);
  expect(heard.at(-1)).toMatchObject({
    type: "REFUSED",
    message: "The flow was not run: this kernel speaks R",
  });
});

test("a canvas hears that nobody is reached, and that somebody is again; its greeting tries at once", async () => {
  const world = new World();
  world.hasFlowbook = true;
  const way = world.link.transport();
  const links: boolean[] = [];
  way.onLink((live) => links.push(live));
  await settle();
  links.length = 0;
  const sent = world.line.sent.length;
  world.line.turn("cut");
  way.send({ type: "MOVE", positions: {} });
  way.send(HELLO);
  expect(world.line.tries).toBe(1);
  expect(world.line.sent).toHaveLength(sent);
  world.line.turn("back");
  expect(links).toEqual([false, true]);
});

test("a server that cannot be reached is told, and forgotten once the kernel answers", async () => {
  const world = new World(null);
  const { way } = canvas(world);
  await settle();
  world.server.turn("cut");
  expect(world.link.answering).toBe("cut");
  world.now = idle();
  world.hasFlowbook = true;
  world.kernelChanged.emit({});
  await settle();
  expect(world.link.answering).toBe("kernel");
  way.send({ type: "MOVE", positions: {} });
  expect(world.line.types).toContain("MOVE");
});
