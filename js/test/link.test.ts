import { type ISharedNotebook, YNotebook } from "@jupyter/ydoc";
import { Signal } from "@lumino/signaling";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Surroundings } from "../src/lab/answerers";
import { NotebookLink } from "../src/lab/link";
import type { LineMessage, OpenLine, Turn } from "../src/lab/openLine";

const CELLS = [
  { id: "a", cell_type: "code", source: "%%flow raw\n1", metadata: { tags: ["mine"] } },
  { id: "b", cell_type: "code", source: "%%flow clean\nraw + 1", metadata: { collapsed: true } },
  { id: "c", cell_type: "markdown", source: "# words", metadata: {} },
];

const NEW = { cell: "n", kind: "code", source: "new", metadata: {}, revision: 0 };

class FakeLine implements OpenLine {
  readonly sent: LineMessage[] = [];
  closed = false;
  turn = (_: Turn) => {};
  tries = 0;
  constructor(
    first: LineMessage,
    readonly hear: (content: unknown) => void,
  ) {
    this.sent.push(first);
  }
  send(message: LineMessage) {
    this.sent.push(message);
  }
  async close() {
    this.closed = true;
  }
  dispose() {
    this.closed = true;
  }
  onTurn(callback: (turn: Turn) => void) {
    this.turn = callback;
  }
  reconnect() {
    this.tries += 1;
  }
  get last() {
    return this.sent[this.sent.length - 1] as LineMessage;
  }
}

class World {
  readonly lines: FakeLine[] = [];
  readonly served: FakeLine[] = [];
  loaded = 0;
  started = 0;
  /** Why flowbook cannot be loaded; null when it can. */
  loadable: string | null = null;
  readonly notices: string[] = [];
  locked = "";
  asked = 0;
  readonly kernel = { model: { id: "k", name: "python3" }, status: "idle" as string };
  readonly iopubMessage: Signal<object, unknown> = new Signal({});
  readonly kernelChanged: Signal<object, unknown> = new Signal({});
  readonly statusChanged: Signal<object, unknown> = new Signal({});
  readonly link: NotebookLink;

  constructor(
    readonly shared: ISharedNotebook,
    public hasFlowbook = true,
  ) {
    const around: Surroundings = {
      open: async (_kernel, first, heard) => {
        this.asked += 1;
        if (!this.hasFlowbook) return null;
        const line = new FakeLine(first(), heard);
        this.lines.push(line);
        return line;
      },
      serve: (_cells, heard) => {
        const line = new FakeLine({ type: "HELLO", view: "" }, heard);
        this.served.push(line);
        return line;
      },
      load: async () => {
        this.loaded += 1;
        this.hasFlowbook = this.loadable === null;
        return this.loadable;
      },
      start: async () => {
        this.started += 1;
      },
      notify: (message) => this.notices.push(message),
      view: "v1",
      path: () => "x.ipynb",
      locked: () => this.locked,
    };
    const session = {
      session: { kernel: this.kernel },
      iopubMessage: this.iopubMessage,
      kernelChanged: this.kernelChanged,
      statusChanged: this.statusChanged,
    };
    this.link = new NotebookLink(shared, session as never, around);
  }

  get line(): FakeLine {
    return this.lines[this.lines.length - 1] as FakeLine;
  }

  revision(cell: string): number {
    const told = this.line.sent.flatMap((one) =>
      one.type === "CELLS" ? one.cells : "changes" in one ? one.changes.cells : [],
    );
    return told.filter((one) => one.cell === cell).at(-1)?.revision ?? -1;
  }

  patch(patches: object[], more: object = {}) {
    const whole = { type: "PATCH", rid: 1, label: "Gesture", quiet: false, last: false };
    this.line.hear({ ...whole, patches, ...more });
  }

  rename() {
    this.patch([
      { type: "REPLACE_SOURCE", cell: "a", source: "%%flow rows\n1", revision: this.revision("a") },
      {
        type: "REPLACE_SOURCE",
        cell: "b",
        source: "%%flow clean\nrows + 1",
        revision: this.revision("b"),
      },
    ]);
  }

  run(code: string) {
    const parent_header = { msg_id: code };
    const header = (msg_type: string) => ({ header: { msg_type }, parent_header });
    this.iopubMessage.emit({ ...header("execute_input"), content: { code } });
    this.iopubMessage.emit({ ...header("status"), content: { execution_state: "idle" } });
  }
}

function notebook(disableDocumentWideUndoRedo = true): YNotebook {
  const shared = YNotebook.create({
    disableDocumentWideUndoRedo,
    data: { cells: CELLS as never, metadata: {}, nbformat: 4, nbformat_minor: 5 },
  });
  shared.clearUndoHistory();
  return shared;
}

const texts = (shared: ISharedNotebook) => shared.cells.map((cell) => cell.getSource());
const settle = () => vi.advanceTimersByTimeAsync(300);
let world: World;

beforeEach(async () => {
  vi.useFakeTimers();
  vi.spyOn(console, "warn").mockReturnValue(); // ydoc's own, of cells before they are in a document
  world = new World(notebook());
  await settle();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("finding the kernel", () => {
  test("a notebook that speaks of flows asks at once, and tells all its cells", () => {
    const [first] = world.line.sent;
    expect(first).toMatchObject({ type: "CELLS", view: "v1", path: "x.ipynb" });
    expect(first?.type === "CELLS" && first.cells.map((one) => [one.cell, one.kind])).toEqual([
      ["a", "code"],
      ["b", "code"],
      ["c", "markdown"],
    ]);
    expect(first?.type === "CELLS" && first.cells[1]?.metadata).toEqual({});
  });

  test("a notebook without flows never asks, until a cell that speaks of them was run", async () => {
    const quiet = new World(YNotebook.create({ data: { cells: [CELLS[2]] as never } }));
    quiet.run("1 + 1");
    await settle();
    expect(quiet.asked).toBe(0);
    quiet.run("%load_ext flowbook");
    await settle();
    expect(quiet.link.isOpen).toBe(true);
  });

  test("a kernel without flowbook is asked again after the next such cell", async () => {
    const bare = new World(notebook(), false);
    bare.run("%%flow a\n1");
    await settle();
    expect(bare.link.isOpen).toBe(false);
    bare.hasFlowbook = true;
    bare.run("%load_ext flowbook");
    await settle();
    expect(bare.link.isOpen).toBe(true);
  });

  test("after a restart the line is dropped, and begun again when flowbook is loaded", async () => {
    const before = world.line;
    world.statusChanged.emit("restarting");
    expect(before.closed).toBe(true);
    expect(world.link.isOpen).toBe(false);
    world.run("%load_ext flowbook");
    await settle();
    expect(world.lines).toHaveLength(2);
  });

  test("another kernel is another line, and what the old one says is not heard", async () => {
    const before = world.line;
    world.kernelChanged.emit({});
    await settle();
    expect(before.closed).toBe(true);
    const stale = { type: "REPLACE_SOURCE", cell: "a", source: "old", revision: 1 };
    before.hear({ type: "PATCH", rid: 1, label: "x", patches: [stale], quiet: false, last: false });
    expect(texts(world.shared)[0]).toBe("%%flow raw\n1");
  });

  test("a line that was interrupted begins with all cells again", () => {
    world.line.turn("back");
    expect(world.line.last.type).toBe("CELLS");
  });

  test("what was done already, and is asked for again, is answered and not done twice", async () => {
    const insert = { type: "INSERT_CELL", after: "a", cell: NEW };
    world.patch([insert], { rid: 7 });
    await settle();
    world.line.turn("cut");
    world.line.turn("back");
    expect(world.line.last).toMatchObject({ type: "CELLS", done: [7] });
    world.patch([insert], { rid: 7 });
    await settle();
    expect(world.line.last).toMatchObject({ type: "APPLIED", rid: 7 });
    expect(texts(world.shared).filter((text) => text === "new")).toHaveLength(1);
  });

  test("nothing is sent while a line is cut, and all of it is told when it is back", async () => {
    const sent = world.line.sent.length;
    world.line.turn("cut");
    expect(world.link.answering).toBe("cut");
    world.shared.cells[0]?.setSource("%%flow raw\n2");
    world.patch([{ type: "INSERT_CELL", after: null, cell: NEW }], { rid: 3 });
    await settle();
    expect(world.line.sent).toHaveLength(sent);
    world.line.turn("back");
    expect(world.link.answering).toBe("kernel");
    expect(world.line.sent.slice(sent).map((one) => one.type)).toEqual(["CELLS"]);
    expect(world.line.last).toMatchObject({
      done: [3],
      cells: [{ cell: "n" }, { cell: "a" }, {}, {}],
    });
  });

  test("a kernel that was another one by the time it was reached is begun with anew", async () => {
    const before = world.line;
    before.turn("cut");
    before.turn("gone");
    await settle();
    expect(before.closed).toBe(true);
    expect(world.lines).toHaveLength(2);
    expect(world.link.answering).toBe("kernel");
  });

  test("whoever answers hears that nothing may be changed, and that it may again", () => {
    world.locked = "its file may not be written";
    world.link.look();
    expect(world.line.last).toMatchObject({ type: "CELLS", locked: "its file may not be written" });
    world.locked = "";
    world.link.look();
    expect(world.line.last).toMatchObject({ type: "CELLS", locked: "" });
  });

  test("a notebook that is closed lets go", () => {
    world.link.dispose();
    expect(world.line.closed).toBe(true);
    world.shared.cells[0]?.setSource("x");
  });
});

describe("telling what changes", () => {
  test("only cells that changed, once typing has settled", async () => {
    world.shared.cells[0]?.updateSource(0, 0, "#");
    world.shared.cells[0]?.updateSource(1, 1, "!");
    expect(world.line.sent).toHaveLength(1);
    await settle();
    expect(world.line.sent).toHaveLength(2);
    expect(world.line.last).toMatchObject({
      type: "CHANGED",
      changes: { cells: [{ cell: "a", source: "#!%%flow raw\n1" }], order: null },
    });
  });

  test("the order of all when cells come or go", async () => {
    world.shared.insertCell(1, { cell_type: "code", id: "n", source: "new" });
    world.shared.deleteCell(0);
    await settle();
    expect(world.line.last).toMatchObject({
      changes: { cells: [{ cell: "n" }], order: ["n", "b", "c"] },
    });
  });

  test("outputs, and metadata of others, are nobody's business", async () => {
    world.shared.cells[1]?.setMetadata("collapsed", false);
    await settle();
    expect(world.line.sent).toHaveLength(1);
    world.shared.cells[1]?.setMetadata("tags", ["parameters"]);
    await settle();
    expect(world.line.last).toMatchObject({
      changes: { cells: [{ cell: "b", metadata: { tags: ["parameters"] } }] },
    });
  });

  test("a busy kernel hears of it when it is idle", async () => {
    world.kernel.status = "busy";
    world.shared.cells[0]?.setSource("later");
    await settle();
    expect(world.line.sent).toHaveLength(1);
    world.kernel.status = "idle";
    world.statusChanged.emit("idle");
    await settle();
    expect(world.line.last).toMatchObject({ type: "CHANGED" });
  });

  test("cells that a revert replaced are the same cells, followed anew", async () => {
    world.shared.fromJSON({ cells: CELLS as never, metadata: {}, nbformat: 4, nbformat_minor: 5 });
    await settle();
    world.rename();
    expect(texts(world.shared)[0]).toBe("%%flow rows\n1");
  });
});

describe.each([true, false])("a gesture, with undo of its own for each cell: %s", (own) => {
  beforeEach(async () => {
    world = new World(notebook(own));
    await settle();
  });

  test("is one step of undo over all of its cells", () => {
    world.rename();
    expect(texts(world.shared)).toEqual(["%%flow rows\n1", "%%flow clean\nrows + 1", "# words"]);
    expect(world.line.last).toMatchObject({ type: "APPLIED", rid: 1 });
    world.shared.undo();
    expect(texts(world.shared)).toEqual(CELLS.map((cell) => cell.source));
    world.shared.redo();
    expect(texts(world.shared)[1]).toBe("%%flow clean\nrows + 1");
  });

  test("does not merge with what was done right before it, or right after", () => {
    world.shared.insertCell(3, { cell_type: "code", id: "n", source: "mine" });
    const notMine = world.shared.cells[3];
    world.rename();
    world.shared.insertCell(4, { cell_type: "code", id: "m", source: "mine, too" });
    world.shared.undo();
    expect(texts(world.shared)).toHaveLength(4);
    expect(texts(world.shared)[0]).toBe("%%flow rows\n1");
    world.shared.undo();
    expect(texts(world.shared)[0]).toBe("%%flow raw\n1");
    expect(world.shared.cells[3]).toBe(notMine);
  });

  test("can bring cells and take some, and undo brings them back", () => {
    world.patch([
      { type: "DELETE_CELL", cell: "b", revision: world.revision("b") },
      {
        type: "INSERT_CELL",
        after: "a",
        cell: { cell: "n", kind: "code", source: "new", metadata: {}, revision: 0 },
      },
      {
        type: "INSERT_CELL",
        after: null,
        cell: { cell: "t", kind: "markdown", source: "top", metadata: {}, revision: 0 },
      },
    ]);
    expect(world.shared.cells.map((cell) => cell.getId())).toEqual(["t", "a", "n", "c"]);
    world.shared.undo();
    expect(world.shared.cells.map((cell) => cell.getId())).toEqual(["a", "b", "c"]);
    expect(texts(world.shared)[1]).toBe("%%flow clean\nraw + 1");
  });
});

describe("places", () => {
  const placed = { tags: ["mine"], flowbook: { position: [1, 2] } };

  test("are no step of undo, and keep the metadata of others", () => {
    const revision = world.revision("b");
    world.patch([{ type: "SET_METADATA", cell: "b", metadata: placed, revision }], { quiet: true });
    expect(world.shared.cells[1]?.getMetadata()).toMatchObject({ ...placed, collapsed: true });
    expect(world.shared.canUndo()).toBe(false);
  });

  test("that are there already do not make the notebook dirty", () => {
    const revision = world.revision("a");
    world.shared.dirty = false;
    const tags = { tags: ["mine"] };
    world.patch([{ type: "SET_METADATA", cell: "a", metadata: tags, revision }], { quiet: true });
    expect(world.shared.dirty).toBe(false);
  });

  test("are taken away with all that is ours", () => {
    const revision = world.revision("a");
    world.patch([{ type: "SET_METADATA", cell: "a", metadata: {}, revision }], { quiet: true });
    expect(world.shared.cells[0]?.getMetadata()).toEqual({});
  });
});

describe("refusing", () => {
  test("a gesture that meets a newer text, whole, with that text, and without a word", () => {
    world.shared.cells[1]?.setSource("newer");
    world.rename();
    expect(texts(world.shared)).toEqual(["%%flow raw\n1", "newer", "# words"]);
    expect(world.line.last).toMatchObject({
      type: "REFUSED_PATCH",
      rid: 1,
      stale: true,
      changes: { cells: [{ cell: "b", source: "newer" }] },
    });
    expect(world.notices).toEqual([]);
  });

  test("for the last time is told the user", () => {
    world.shared.cells[0]?.setSource("newer");
    const late = { type: "REPLACE_SOURCE", cell: "a", source: "x", revision: 1 };
    world.patch([late], { last: true, label: "Rename raw to rows" });
    expect(world.notices).toEqual([
      "Rename raw to rows is not in the notebook: cell a was changed meanwhile",
    ]);
  });

  test.each([
    ["a read-only notebook", () => (world.locked = "it is locked"), "it is locked"],
    [
      "a cell that is not to be edited",
      () => world.shared.cells[0]?.setMetadata("editable", false),
      "cell a is read-only",
    ],
  ])("%s, and it is told the user", (_, lock, reason) => {
    lock();
    world.rename();
    expect(texts(world.shared)[0]).toBe("%%flow raw\n1");
    expect(world.line.last).toMatchObject({ type: "REFUSED_PATCH", reason, stale: false });
    expect(world.notices).toEqual([`Gesture is not in the notebook: ${reason}`]);
  });

  test("a deletion of a cell that is not to be deleted", () => {
    world.shared.cells[0]?.setMetadata("deletable", false);
    world.patch([{ type: "DELETE_CELL", cell: "a", revision: world.revision("a") }]);
    expect(world.shared.cells).toHaveLength(3);
  });

  test("a cell that has gone", () => {
    world.shared.deleteCell(1);
    world.rename();
    expect(world.line.last).toMatchObject({ stale: true, changes: { order: ["a", "c"] } });
  });

  test("messages it does not know, with a word", () => {
    world.line.hear({ type: "WHAT" });
    expect(world.notices[0]).toContain("flowbook cannot read what the kernel says");
  });

  test("nothing of the user's: a notice is shown as it is", () => {
    world.line.hear({ type: "NOTICE", message: "Not in the notebook yet" });
    expect(world.notices).toEqual(["Not in the notebook yet"]);
  });
});
