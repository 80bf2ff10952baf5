import { describe, expect, test } from "vitest";
import { type ActionName, Actions, possible } from "../../src/lab/runs/actions";
import { Refused } from "../../src/lab/runs/api";
import { EVERYTHING } from "../../src/lab/runs/filter";
import { RunsModel } from "../../src/lab/runs/model";
import { choose } from "../../src/lab/runs/selection";
import { FakeApi, FakeSocket, NOON, run, settle, TRANS } from "./fake";

const FAILED = { ...EVERYTHING, status: "failed" } as const;

class Stage {
  readonly api = new FakeApi();
  readonly sockets: FakeSocket[] = [];
  readonly questions: string[] = [];
  readonly opened: string[] = [];
  sure = true;
  readonly model: RunsModel;
  readonly actions: Actions;

  constructor(numbers: readonly number[] = [3, 2, 1]) {
    this.api.runs = numbers.map((n) => run(n));
    const open = (since: number | null) => {
      const socket = new FakeSocket(since);
      this.sockets.push(socket);
      return socket;
    };
    this.model = new RunsModel(this.api, open, TRANS, () => NOON + 100_000);
    const asker = {
      confirm: async (title: string, lines: readonly string[], verb: string) => {
        this.questions.push([title, ...lines, verb].join(" "));
        return this.sure;
      },
      typed: async (title: string, _: readonly string[], __: string, word: string) => {
        this.questions.push(`${title} ${word}`);
        return this.sure;
      },
      replay: async () => (this.sure ? { from: "clean", params: { day: 1 } } : null),
    };
    this.actions = new Actions(this.model, asker, {
      open: async (id) => void this.opened.push(id),
      compare: async (a, b) => void this.opened.push(`${a} ${b}`),
      copy: async (text) => void this.opened.push(text),
    });
  }

  async begun(): Promise<this> {
    this.model.start();
    await settle();
    return this;
  }

  get ids() {
    return this.model.view.list.rows.map(({ id }) => id);
  }

  async do(name: ActionName, ...numbers: readonly number[]): Promise<void> {
    await this.actions.do(
      name,
      this.model.view.list.rows.filter(({ id }) => numbers.some((n) => id === run(n).id)),
    );
  }
}

describe("the panel", () => {
  test("listens before it reads, and reads once", async () => {
    const stage = await new Stage().begun();
    expect(stage.sockets).toHaveLength(1);
    expect(stage.ids).toEqual(["run-0003", "run-0002", "run-0001"]);
    expect(stage.model.view.sql).toBe("SELECT * FROM runs");
    stage.model.stop();
    stage.model.start();
    await settle();
    expect(stage.api.asked).toHaveLength(1);
    expect(stage.sockets).toHaveLength(2);
  });

  test("reads page by page behind the last run", async () => {
    const stage = new Stage([5, 4, 3, 2, 1]);
    stage.model.pageSize = 2;
    await stage.begun();
    stage.model.more();
    stage.model.more();
    await settle();
    expect(stage.ids).toHaveLength(4);
    expect(stage.api.asked.at(-1)).toBe("page {} 2 run-0004");
  });

  test("asks with another filter, and news are judged by it", async () => {
    const stage = await new Stage().begun();
    stage.api.runs = [];
    stage.model.setFilter(FAILED);
    await settle();
    expect(stage.api.asked.at(-1)).toContain('{"status":"failed"}');
    stage.model.told([run(8), run(9, { status: "failed" })], []);
    expect(stage.ids).toEqual(["run-0009"]);
  });

  test("follows the notebook in front when only its runs are wanted", async () => {
    const stage = new Stage();
    const last_run = { started_at: "2026" };
    stage.api.summaries = [
      { flow: "daily", notebook: "a.ipynb", runs: 1, last_run },
      { flow: "other", notebook: "b.ipynb", runs: 1, last_run },
    ];
    await stage.begun();
    stage.model.setNotebook("a.ipynb");
    stage.model.setOnly(true);
    await settle();
    expect(stage.api.asked.at(-1)).toContain('{"flow":"daily"}');
    stage.model.setNotebook("b.ipynb");
    await settle();
    expect(stage.api.asked.at(-1)).toContain('{"flow":"other"}');
    stage.model.setNotebook("new.ipynb");
    await settle();
    expect(stage.ids).toEqual([]);
    expect(stage.model.nothingToAsk).toBe(true);
    expect(stage.api.asked.at(-1)).toContain('{"flow":"other"}');
  });

  test("says why it could not be read, and reads again", async () => {
    const stage = new Stage();
    const failure = { message: "locked", hint: "wait", kind: "busy" } as const;
    stage.api.failing = new Refused(failure);
    await stage.begun();
    expect(stage.model.view.list).toMatchObject({ phase: "failed", failure });
    stage.model.reload(false);
    await settle();
    expect(stage.ids).toHaveLength(3);
  });

  test("keeps what is read where it is while the user is further down", async () => {
    const stage = await new Stage().begun();
    stage.model.atTop = false;
    stage.model.told([run(7)], []);
    expect(stage.ids[0]).toBe("run-0003");
    expect(stage.model.view.list.held).toHaveLength(1);
    stage.model.release();
    expect(stage.ids[0]).toBe("run-0007");
  });

  test("reads the list again when news were lost", async () => {
    const stage = await new Stage().begun();
    stage.sockets[0]?.onopen?.();
    stage.sockets[0]?.say({ position: 9, runs: [], gone: [] });
    stage.sockets[0]?.say({ position: 1, runs: [], gone: [] });
    await settle();
    expect(stage.api.asked).toHaveLength(2);
  });
});

describe("what can be done with runs", () => {
  const [over, live, pinned] = [run(1), run(2, { status: "running" }), run(3, { pinned: true })];

  test.each<[ActionName, boolean, boolean, boolean]>([
    ["view", true, true, false],
    ["rerun", true, true, false],
    ["cancel", false, true, true],
    ["pause", false, true, true],
    ["delete", true, false, true],
    ["compare", false, false, true],
    ["pin", true, true, true],
    ["unpin", false, false, false],
    ["copy-id", true, true, true],
  ])("%s is for one that is over: %s, that goes on: %s, for two: %s", (name, one, two, both) => {
    expect(possible(name, [over])).toBe(one);
    expect(possible(name, [live])).toBe(two);
    expect(possible(name, [over, live])).toBe(both);
    expect(possible(name, [])).toBe(false);
  });

  test("of pause and resume the one is offered that changes something", () => {
    const held = run(4, { status: "running", paused: true });
    expect([possible("pause", [live]), possible("resume", [live])]).toEqual([true, false]);
    expect([possible("pause", [held]), possible("resume", [held])]).toEqual([false, true]);
    expect([possible("pause", [live, held]), possible("resume", [live, held])]).toEqual([
      true,
      true,
    ]);
    expect(possible("resume", [{ ...held, status: "failed" }])).toBe(false);
  });

  test("pinned runs are unpinned", () => {
    expect(possible("unpin", [pinned])).toBe(true);
    expect(possible("pin", [pinned])).toBe(false);
  });

  test("a run is opened, compared and copied", async () => {
    const stage = await new Stage().begun();
    await stage.do("view", 2);
    await stage.do("compare", 1, 3);
    await stage.do("copy-id", 1, 2);
    expect(stage.opened).toEqual(["run-0002", "run-0003 run-0001", "run-0002\nrun-0001"]);
  });

  test("it is run again, and replayed from where the user says", async () => {
    const stage = await new Stage().begun();
    await stage.do("rerun", 1);
    expect(stage.model.view.done).toBe("Run again as 000001");
    await stage.do("replay", 1);
    expect(stage.api.asked.at(-1)).toBe('replay run-0001 {"from":"clean","params":{"day":1}}');
    stage.sure = false;
    await stage.do("replay", 1);
    expect(stage.api.asked.filter((one) => one.startsWith("replay"))).toHaveLength(1);
  });

  test("those that go on are cancelled, the others left alone", async () => {
    const stage = await new Stage().begun();
    stage.model.told([run(2, { status: "running" })], []);
    await stage.do("cancel", 1, 2);
    expect(stage.api.asked.slice(1)).toEqual(["cancel run-0002"]);
  });

  test("a pin is shown at once", async () => {
    const stage = await new Stage().begun();
    await stage.do("pin", 2);
    expect(stage.model.row("run-0002")?.pinned).toBe(true);
  });

  test("nothing is deleted without a yes", async () => {
    const stage = await new Stage().begun();
    stage.sure = false;
    await stage.do("delete", 1);
    expect(stage.questions).toHaveLength(1);
    expect(stage.ids).toHaveLength(3);
    stage.sure = true;
    stage.model.select(choose(stage.model.view.selection, stage.ids, "run-0002"));
    await stage.do("delete", 2);
    expect(stage.ids).toEqual(["run-0003", "run-0001"]);
    expect(stage.model.view.selection.active).toBe("run-0001");
    expect(stage.model.view.done).toBe("1 run deleted.");
  });

  test("a pinned run is unpinned and deleted after one question", async () => {
    const stage = await new Stage().begun();
    await stage.do("pin", 2);
    stage.sure = false;
    await stage.do("delete", 2);
    expect(stage.model.row("run-0002")?.pinned).toBe(true);
    stage.sure = true;
    await stage.do("delete", 2);
    expect(stage.questions).toHaveLength(2);
    expect(stage.questions[1]).toMatch(/It is pinned.*Unpin and Delete$/);
    expect(stage.api.asked).toContain("delete run-0002 pinned");
    expect(stage.ids).toEqual(["run-0003", "run-0001"]);
    expect(stage.model.view.done).toBe("1 run deleted.");
  });

  test("a refusal stands at the run it was of, until it is tried again", async () => {
    const stage = await new Stage().begun();
    const failure = { message: "it is pinned", hint: "unpin it", kind: "refused" } as const;
    stage.api.failing = new Refused(failure);
    await stage.do("delete", 1, 2);
    expect([...stage.model.view.refused]).toEqual([["run-0002", failure]]);
    expect(stage.model.view.said).toBe("1 run deleted.");
    expect(stage.ids).toEqual(["run-0003", "run-0002"]);
    await stage.do("delete", 2);
    expect(stage.model.view.refused.size).toBe(0);
  });
});

describe("deleting all that match", () => {
  test("is refused without a filter", async () => {
    const stage = await new Stage().begun();
    await stage.actions.deleteMatching();
    expect(stage.api.asked).toHaveLength(1);
    expect(stage.model.view.refused.get("")?.hint).toContain("Narrow");
  });

  test("counts first, and takes no run that began since", async () => {
    const stage = await new Stage().begun();
    stage.model.setFilter(FAILED);
    await settle();
    stage.api.deletion = { count: 7, skipped: 2, dry_run: true };
    await stage.actions.deleteMatching();
    expect(stage.questions).toEqual([expect.stringMatching(/^Delete 7 runs\?/)]);
    const [dry, real] = stage.api.asked.filter((one) => one.startsWith("delete"));
    expect(dry).toMatch(/^delete \{"until":"[^"]+","status":"failed"\} true$/);
    expect(real).toBe(dry?.replace("true", "false"));
    expect(stage.model.view.done).toBe(
      "7 runs deleted. 2 runs stay: they go on, wait or are pinned.",
    );
  });

  test("of more than a hundred has to be typed", async () => {
    const stage = await new Stage().begun();
    stage.model.setFilter(FAILED);
    await settle();
    stage.sure = false;
    stage.api.deletion = { count: 101, skipped: 0, dry_run: true };
    await stage.actions.deleteMatching();
    expect(stage.questions).toEqual(["Delete 101 runs? 101"]);
    expect(stage.api.asked.filter((one) => one.startsWith("delete"))).toHaveLength(1);
  });

  test("says when there is nothing, and what was refused", async () => {
    const stage = await new Stage().begun();
    stage.model.setFilter(FAILED);
    await settle();
    stage.api.deletion = { count: 0, skipped: 1, dry_run: true };
    await stage.actions.deleteMatching();
    expect(stage.model.view.done).toContain("nothing to delete");
    stage.api.failing = new Refused({ message: "busy", hint: "wait", kind: "busy" });
    await stage.actions.deleteMatching();
    expect(stage.model.view.refused.get("")?.hint).toBe("wait");
  });
});
