import { describe, expect, test } from "vitest";
import { type Delivery, notesOf } from "../../src/lab/notices/delivery";
import { Notices, type NoticesApi } from "../../src/lab/notices/notices";
import { FakeSocket, settle } from "../runs/fake";

const trans = {
  __: (text: string, ...args: unknown[]) => filled(text, args),
  _n: (one: string, many: string, n: number, ...args: unknown[]) =>
    filled(n === 1 ? one : many, [n, ...args]),
};

function filled(text: string, args: readonly unknown[]): string {
  return text.replace(/%(\d)/g, (_, at) => String(args[Number(at) - 1]));
}

function delivery(minute: number, more: Partial<Delivery> = {}): Delivery {
  return {
    id: `notice-${minute}`,
    rule: "broken",
    flow: "daily",
    run_id: `run-${minute}`,
    level: "error",
    message: "Workflow 'daily' failed",
    error: "KeyError: 'rain'\n  at fetch",
    written_at: new Date(Date.UTC(2026, 0, 1, 12, minute)).toISOString(),
    ...more,
  };
}

/** A server, a page, and what that page has kept. */
class Stage {
  rule = true;
  answers = true;
  told: Delivery[] = [];
  kept: string | null = null;
  readonly sockets: FakeSocket[] = [];
  readonly shown: string[][] = [];
  asked = 0;
  notices = this.page();

  page(): Notices {
    const api: NoticesApi = {
      anyRule: async () => {
        this.asked += 1;
        if (!this.answers) throw new Error("offline");
        return this.rule;
      },
      told: async (since, limit) => {
        if (!this.answers) throw new Error("offline");
        const behind = this.told.filter(({ written_at }) => since === null || written_at > since);
        return behind.reverse().slice(0, limit);
      },
    };
    const seen = {
      read: () => this.kept,
      keep: (at: string) => {
        this.kept = at;
      },
    };
    const open = (since: number | null) => {
      this.sockets.push(new FakeSocket(since));
      return this.socket;
    };
    return new Notices(api, seen, open, (told) => this.shown.push(told.map(({ id }) => id)));
  }

  get socket(): FakeSocket {
    return this.sockets.at(-1) as FakeSocket;
  }

  async begin(): Promise<void> {
    await this.notices.look();
    this.socket.onopen?.();
    await settle();
  }

  say(...notices: Delivery[]): void {
    this.told.push(...notices);
    this.socket.say({ position: this.told.length, runs: [], gone: [], notices });
  }
}

describe("notices of rules", () => {
  test("are not waited for without a rule, until there is one", async () => {
    const stage = new Stage();
    stage.rule = false;
    await stage.notices.look();
    expect(stage.sockets).toHaveLength(0);
    stage.rule = true;
    await stage.begin();
    stage.say(delivery(1));
    expect(stage.shown).toEqual([["notice-1"]]);
  });

  test("are asked about no more once they are waited for", async () => {
    const stage = new Stage();
    await stage.begin();
    await stage.notices.look();
    expect([stage.asked, stage.sockets.length]).toEqual([1, 1]);
  });

  test("of before are not shown to who never showed any", async () => {
    const stage = new Stage();
    stage.told = [delivery(1), delivery(2)];
    await stage.begin();
    expect(stage.shown).toEqual([]);
    stage.say(delivery(3));
    expect(stage.shown).toEqual([["notice-3"]]);
  });

  test("of while no page was open are shown once, the oldest first", async () => {
    const stage = new Stage();
    await stage.begin();
    stage.say(delivery(1));
    stage.told.push(delivery(2), delivery(3));
    stage.notices = stage.page();
    await stage.begin();
    expect(stage.shown).toEqual([["notice-1"], ["notice-2", "notice-3"]]);
    stage.notices = stage.page();
    await stage.begin();
    expect(stage.shown).toHaveLength(2);
  });

  test("of the night are shown to who had a page open and was never shown any", async () => {
    const stage = new Stage();
    await stage.begin();
    stage.told.push(delivery(1));
    stage.notices = stage.page();
    await stage.begin();
    expect(stage.shown).toEqual([["notice-1"]]);
  });

  test("of before it was seen that there is a rule are shown, too", async () => {
    const stage = new Stage();
    stage.rule = false;
    await stage.notices.look();
    stage.rule = true;
    stage.told.push(delivery(1));
    await stage.begin();
    expect(stage.shown).toEqual([["notice-1"]]);
  });

  test("that come by the line and are asked for are shown once", async () => {
    const stage = new Stage();
    await stage.notices.look();
    stage.say(delivery(1));
    stage.socket.onopen?.();
    await settle();
    stage.say(delivery(1));
    expect(stage.shown).toEqual([["notice-1"]]);
  });

  test("of while the server began anew are asked for", async () => {
    const stage = new Stage();
    await stage.begin();
    stage.told.push(delivery(4));
    stage.socket.say({ position: 9, runs: [], gone: [], reset: true });
    await settle();
    expect(stage.shown).toEqual([["notice-4"]]);
  });

  test("are waited for later when the server does not answer now", async () => {
    const stage = new Stage();
    stage.answers = false;
    await stage.notices.look();
    expect(stage.sockets).toHaveLength(0);
    stage.answers = true;
    await stage.begin();
    stage.say(delivery(1));
    expect(stage.shown).toEqual([["notice-1"]]);
  });
});

describe("a note", () => {
  test("says what happened and why, in one line, and leads to the run", () => {
    expect(notesOf([delivery(1)], trans)).toEqual([
      { text: "Workflow 'daily' failed: KeyError: 'rain'", level: "error", run: "run-1" },
    ]);
  });

  test("without an error says what happened", () => {
    const recovered = delivery(1, { message: "well again", error: null, level: "success" });
    expect(notesOf([recovered], trans)).toMatchObject([{ text: "well again", level: "success" }]);
  });

  test("of a level JupyterLab does not know is a plain one", () => {
    expect(notesOf([delivery(1, { level: "loud" })], trans)).toMatchObject([{ level: "info" }]);
  });

  test("is never longer than JupyterLab shows", () => {
    const [note] = notesOf([delivery(1, { error: "x".repeat(500) })], trans);
    expect(note?.text).toHaveLength(140);
    expect(note?.text.endsWith("…")).toBe(true);
  });

  test("stands for many, with the gravest level", () => {
    const many = [1, 2, 3, 4].map((at) =>
      delivery(at, { level: at === 3 ? "error" : "info", flow: at > 2 ? "b" : "a" }),
    );
    expect(notesOf(many, trans)).toEqual([
      { text: "4 notifications: a, b", level: "error", run: null },
    ]);
  });
});
