import { describe, expect, test } from "vitest";
import { type Clock, FIRST_WAIT, Live, LONGEST_WAIT, type News } from "../../src/lab/runs/live";
import { FakeSocket, run } from "./fake";

class Stage {
  readonly sockets: FakeSocket[] = [];
  readonly waits: number[] = [];
  readonly states: string[] = [];
  readonly news: News[] = [];
  lost = 0;
  private timer: (() => void) | null = null;
  readonly live: Live;

  constructor() {
    const clock: Clock = {
      set: (callback, ms) => {
        this.waits.push(ms);
        this.timer = callback;
        return callback;
      },
      clear: (timer) => {
        if (timer === this.timer) this.timer = null;
      },
    };
    const open = (since: number | null) => {
      this.sockets.push(new FakeSocket(since));
      return this.socket;
    };
    const hearer = {
      heard: (news: News) => this.news.push(news),
      lost: () => {
        this.lost += 1;
      },
      turned: (state: string) => this.states.push(state),
    };
    this.live = new Live(open, hearer, clock);
  }

  get socket(): FakeSocket {
    return this.sockets.at(-1) as FakeSocket;
  }

  /** As long as it was to wait. */
  pass(): void {
    const { timer } = this;
    this.timer = null;
    timer?.();
  }
}

describe("news of runs", () => {
  test("are passed on as they come", () => {
    const stage = new Stage();
    stage.live.start();
    stage.socket.onopen?.();
    stage.socket.say({ position: 4, runs: [run(1)], gone: ["x"] });
    expect(stage.news).toMatchObject([{ runs: [{ id: "run-0001" }], gone: ["x"] }]);
    expect(stage.states).toEqual(["opening", "on"]);
    expect(stage.lost).toBe(0);
  });

  test("go on from the last position after a drop", () => {
    const stage = new Stage();
    stage.live.start();
    stage.socket.onopen?.();
    stage.socket.say({ position: 7, runs: [], gone: [] });
    stage.socket.onclose?.();
    stage.pass();
    expect(stage.socket.since).toBe(7);
    stage.socket.onopen?.();
    expect(stage.lost).toBe(0);
    expect(stage.states).toEqual(["opening", "on", "broken", "on"]);
  });

  test("are read anew when there was no position to go on from", () => {
    const stage = new Stage();
    stage.live.start();
    stage.socket.onopen?.();
    stage.socket.onclose?.();
    stage.pass();
    expect(stage.socket.since).toBeNull();
    stage.socket.onopen?.();
    expect(stage.lost).toBe(1);
  });

  test("are read anew when the server counts from the beginning", () => {
    const stage = new Stage();
    stage.live.start();
    stage.socket.onopen?.();
    stage.socket.say({ position: 70, runs: [], gone: [] });
    stage.socket.say({ position: 2, runs: [run(1)], gone: [] });
    expect(stage.lost).toBe(1);
    expect(stage.news).toEqual([]);
  });

  test("are read anew when there are too many to be told", () => {
    const stage = new Stage();
    stage.live.start();
    stage.socket.say({ position: 70, runs: [], gone: [], reset: true });
    expect(stage.lost).toBe(1);
  });

  test("are tried for later each time, and soon again after a success", () => {
    const stage = new Stage();
    stage.live.start();
    for (let n = 0; n < 12; n++) {
      stage.socket.onclose?.();
      stage.pass();
    }
    expect(stage.waits[0]).toBeLessThanOrEqual(FIRST_WAIT * 1.25);
    expect(stage.waits[3]).toBeGreaterThan(stage.waits[0] as number);
    expect(Math.max(...stage.waits)).toBeLessThanOrEqual(LONGEST_WAIT * 1.25);
    stage.socket.onopen?.();
    stage.socket.onclose?.();
    expect(stage.waits.at(-1)).toBeLessThanOrEqual(FIRST_WAIT * 1.25);
  });

  test("are tried for at once when the machine is back", () => {
    const stage = new Stage();
    stage.live.start();
    stage.socket.onclose?.();
    stage.live.retry();
    expect(stage.sockets).toHaveLength(2);
    stage.live.retry();
    expect(stage.sockets).toHaveLength(2);
  });

  test("end when nobody looks, and no timer stays", () => {
    const stage = new Stage();
    stage.live.start();
    const first = stage.socket;
    stage.live.stop();
    expect(first.closed).toBe(true);
    first.onclose?.();
    first.say({ position: 1, runs: [run(1)], gone: [] });
    stage.pass();
    expect(stage.sockets).toHaveLength(1);
    expect(stage.news).toEqual([]);
  });

  test("of another kind, or none, change nothing", () => {
    const stage = new Stage();
    stage.live.start();
    stage.socket.onopen?.();
    for (const odd of ["{", "null", { events: {} }, { position: "7", runs: [run(1)] }])
      stage.socket.say(odd);
    expect(stage.news).toEqual([]);
  });
});
