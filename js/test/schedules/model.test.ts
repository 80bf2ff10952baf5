import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SchedulesModel } from "../../src/lab/schedules/model";
import { PageError } from "../../src/protocol/runPage";
import { TRANS } from "../runs/fake";

const CHECKED = { valid: true, words: "At 09:00", warnings: [], next: [], refused: null };
const ONE = {
  ...{ name: "nightly", flow: "daily", notebook: "d.ipynb", enabled: true, words: "At 09:00" },
  ...{ warnings: [], settings: { cron: "0 9 * * *" }, next_run: null, next: [], slots: [] },
  problem: null,
};

/** A server with answers by address; an error is thrown. */
function made() {
  const asked: string[] = [];
  const answers: Record<string, unknown> = {
    "GET schedules": { schedules: [ONE], running: true },
    "GET flows": { flows: [{ flow: "daily", notebook: "d.ipynb" }] },
    "GET timezones": {
      timezones: ["UTC", "Europe/Berlin"],
      common: ["UTC"],
      local: "Europe/Berlin",
    },
    "POST schedules/check": CHECKED,
  };
  const model = new SchedulesModel(async (method, path, body) => {
    asked.push(`${method} ${path}${body && Object.keys(body).length ? " …" : ""}`);
    const found = answers[`${method} ${path}`] ?? {};
    if (found instanceof Error) throw found;
    return found;
  }, TRANS);
  return { model, asked, answers };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const passed = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe("the panel of schedules", () => {
  test("looks while it is shown, and not after", async () => {
    const { model, asked } = made();
    model.start();
    await passed(20_500);
    expect(asked).toEqual(["GET schedules", "GET schedules", "GET schedules"]);
    expect(model.look()).toMatchObject({ phase: "ready", schedules: [ONE] });
    model.stop();
    await passed(60_000);
    expect(asked).toHaveLength(3);
  });

  test("has a draft checked when typing pauses, and saves none that was not", async () => {
    const { model, asked } = made();
    await model.reload();
    await model.begin("daily");
    expect(model.look().editing?.draft).toMatchObject({ timezone: "Europe/Berlin" });
    model.write({ cron: "0 8 * * *" });
    model.write({ cron: "0 7 * * *" });
    expect(model.look().editing?.current).toBe(false);
    await passed(300);
    expect(asked.filter((one) => one.includes("check"))).toHaveLength(1);
    expect(model.look().editing).toMatchObject({ current: true, checked: CHECKED });
    await model.save();
    expect(asked).toContain("PUT schedules/daily …");
    expect(model.look()).toMatchObject({ editing: null, said: "daily was saved" });
  });

  test("keeps what was written where it is refused, and says why", async () => {
    const { model, answers } = made();
    answers["PUT schedules/daily"] = new PageError("daily is not published", "publish it", 400);
    await model.begin("daily");
    await passed(300);
    await model.save();
    expect(model.look().editing).toMatchObject({
      ...{ saving: false, refused: { message: "daily is not published", hint: "publish it" } },
      draft: { name: "daily" },
    });
    model.write({ input: "{" });
    await model.save(); // what cannot be sent is not
    expect(model.look().editing?.refused).toBeNull();
  });

  test("does not call a new one like one that is there", async () => {
    const { model } = made();
    await model.reload();
    await model.begin("nightly");
    expect(model.look().editing?.draft.name).toBe("nightly-2");
  });

  test("shows of a flow its one schedule, the form of its first, or all of several", async () => {
    const { model, answers } = made();
    await model.showFlow("daily");
    expect(model.look().editing).toMatchObject({ of: "nightly", draft: { flow: "daily" } });
    await model.showFlow("load");
    expect(model.look().editing).toMatchObject({ of: null, draft: { flow: "load" } });
    const both = [ONE, { ...ONE, name: "noon" }];
    answers["GET schedules"] = { schedules: both, running: true };
    await model.showFlow("daily");
    expect(model.look()).toMatchObject({ editing: null, schedules: both });
  });

  test("tells a refusal at the schedule it is of, until it is dismissed", async () => {
    const { model, answers } = made();
    answers["POST schedules/nightly/run"] = new PageError("it runs already", "", 409);
    await model.act("nightly", "run");
    expect(model.look().troubles.get("nightly")?.message).toBe("it runs already");
    expect(model.look().phase).toBe("ready");
    model.forgive("nightly");
    expect(model.look().troubles.size).toBe(0);
  });

  test("reads what became of a schedule's moments while that is open", async () => {
    const { model, asked, answers } = made();
    answers["GET schedules/nightly/slots?limit=50"] = { slots: [{ words: "skipped" }] };
    await model.reload();
    model.toggleHistory("nightly");
    await passed(0);
    expect(model.look().histories.get("nightly")).toEqual([{ words: "skipped" }]);
    await model.reload();
    expect(asked.filter((one) => one.includes("slots"))).toHaveLength(2);
    model.toggleHistory("nightly");
    await model.reload();
    expect(asked.filter((one) => one.includes("slots"))).toHaveLength(2);
  });

  test("says that it cannot read, and reads again", async () => {
    const { model, answers } = made();
    const good = answers["GET schedules"];
    answers["GET schedules"] = new PageError("no answer", "start it", 0);
    await model.reload();
    expect(model.look()).toMatchObject({ phase: "failed", failure: { message: "no answer" } });
    answers["GET schedules"] = good;
    await model.reload();
    expect(model.look()).toMatchObject({ phase: "ready", failure: null });
  });
});
