import { describe, expect, test, vi } from "vitest";
import type { Turn } from "../src/lab/openLine";
import { type Post, ServerLine, Unreachable } from "../src/lab/serverLine";
import type { CellView, ViewMessage } from "../src/protocol/generated";

const CELL: CellView = { cell: "a", kind: "code", source: "%%flow raw", metadata: {}, revision: 1 };
const EDIT = { type: "MOVE", positions: {} } as const;
const LATE = { type: "REFUSED_PATCH", rid: 1, reason: "", stale: true } as const;
const NONE = { cells: [], order: null };

/** A server that answers when it is told to. */
class Server {
  readonly asked: Array<{
    readonly message: ViewMessage;
    readonly cells: readonly CellView[] | null;
  }> = [];
  private readonly open: Array<(messages: readonly unknown[]) => void> = [];
  private readonly broken: Array<(reason: Error) => void> = [];
  readonly heard: unknown[] = [];
  readonly failed: string[] = [];
  readonly turns: Turn[] = [];
  cells: readonly CellView[] = [CELL];
  onHeard: (content: unknown) => void = () => {};
  readonly line: ServerLine;

  constructor() {
    const post: Post = (body) =>
      new Promise((resolve, reject) => {
        this.asked.push(body);
        this.open.push((messages) => resolve({ messages }));
        this.broken.push(reject);
      });
    this.line = new ServerLine(post, {
      path: () => "x.ipynb",
      cells: () => this.cells,
      heard: (content) => {
        this.heard.push(content);
        this.onHeard(content);
      },
      failed: (reason) => this.failed.push(reason),
      locked: () => "",
      turned: (turn) => this.turns.push(turn),
    });
  }

  get types() {
    return this.asked.map(({ message }) => message.type);
  }

  async answer(...messages: unknown[]) {
    this.broken.shift();
    this.open.shift()?.(messages);
    await settle();
  }

  async fail(reason: string | Error) {
    this.open.shift();
    this.broken.shift()?.(typeof reason === "string" ? new Error(reason) : reason);
    await settle();
  }
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("a line to the server", () => {
  test("carries all cells as they stand with each question", async () => {
    const server = new Server();
    server.line.send({ type: "HELLO", view: "v" });
    await server.answer({ type: "SNAPSHOT" });
    expect(server.asked[0]?.cells).toEqual([CELL]);
    expect(server.heard).toEqual([{ type: "SNAPSHOT" }]);
  });

  test("asks one thing at a time, the next of what the first one wrote", async () => {
    const server = new Server();
    server.line.send(EDIT);
    server.line.send(EDIT);
    expect(server.asked).toHaveLength(1);
    server.cells = [{ ...CELL, source: "%%flow rows" }];
    await server.answer();
    expect(server.asked[1]?.cells?.[0]?.source).toBe("%%flow rows");
  });

  test("looks at the flow anew when cells changed, once for several changes", async () => {
    const server = new Server();
    server.line.send(EDIT);
    for (let i = 0; i < 3; i++) server.line.send({ type: "CHANGED", changes: NONE });
    await server.answer();
    await server.answer();
    expect(server.types).toEqual(["MOVE", "HELLO"]);
  });

  test("makes a gesture again that came too late for a cell, and once only", async () => {
    const server = new Server();
    server.onHeard = () => server.line.send({ ...LATE, changes: NONE });
    server.line.send(EDIT);
    await server.answer({ type: "PATCH", rid: 1 }, { type: "EDITED" });
    expect(server.types).toEqual(["MOVE", "MOVE"]);
    expect(server.heard).toEqual([{ type: "PATCH", rid: 1 }]);
    await server.answer({ type: "PATCH", rid: 1 });
    expect(server.asked).toHaveLength(2);
  });

  test("answers all who greet at once, and anew where cells have changed since", async () => {
    const server = new Server();
    const greet = () => server.line.send({ type: "HELLO", view: "v" });
    greet();
    greet();
    await server.answer({ type: "SNAPSHOT" });
    expect(server.types).toEqual(["HELLO"]);
    greet();
    server.line.send({ type: "CHANGED", changes: NONE });
    greet();
    await server.answer({ type: "SNAPSHOT" });
    await server.answer({ type: "SNAPSHOT" });
    expect(server.types).toEqual(["HELLO", "HELLO", "HELLO"]);
  });

  test("says that it cannot show the flow, and refuses what was asked by its number", async () => {
    const server = new Server();
    server.line.send({ type: "HELLO", view: "v" });
    await server.fail("flowbook is not installed there");
    expect(server.failed).toEqual(["flowbook is not installed there"]);
    server.line.send({ type: "UNDO", view: "v", rid: 7 });
    await server.fail("gone");
    expect(server.heard).toMatchObject([{ type: "REFUSED", view: "v", rid: 7 }]);
  });

  test("tries a server that cannot be reached, and does nothing later that was asked meanwhile", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const server = new Server();
      const passed = (ms: number) => vi.advanceTimersByTimeAsync(ms);
      server.line.send(EDIT);
      server.line.send(EDIT);
      const failing = server.fail(new Unreachable());
      await passed(0);
      await failing;
      expect(server.turns).toEqual(["cut"]);
      await passed(1_000);
      const again = server.fail(new Unreachable());
      await passed(0);
      await again;
      expect(server.turns).toEqual(["cut"]);
      server.line.reconnect();
      const answered = server.answer({ type: "SNAPSHOT" });
      await passed(0);
      await answered;
      expect(server.turns).toEqual(["cut", "back"]);
      expect(server.types).toEqual(["MOVE", "HELLO", "HELLO"]);
      expect(server.failed).toEqual([]);
      server.line.dispose();
    } finally {
      vi.useRealTimers();
    }
  });

  test("is silent once it was let go", async () => {
    const server = new Server();
    server.line.send({ type: "HELLO", view: "v" });
    server.line.dispose();
    await server.answer({ type: "SNAPSHOT" });
    expect(server.heard).toEqual([]);
  });
});
