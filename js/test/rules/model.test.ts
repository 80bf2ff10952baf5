import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RulesModel } from "../../src/lab/rules/model";
import { listed } from "../../src/lab/rules/view";
import { PageError } from "../../src/protocol/runPage";
import { TRANS } from "../runs/fake";

const CHECKED = { valid: true, words: "failed", warnings: [], refused: null };
const LAB = [{ channel: "lab" }];
const ONE = { name: "broken", when: { on: "failed" }, to: LAB, flow: "daily", enabled_at: 5 };
const TWO = { name: "late", when: { on: "slow", percentile: 99 }, to: LAB, flow: "load*" };

/** A server with answers by address, what it was asked, and what the page was told. */
function made(rules: readonly object[] = [ONE, TWO]) {
  const asked: [string, object | undefined][] = [];
  const told: string[] = [];
  const answers: Record<string, unknown> = {
    "GET notifications/rules": { rules },
    "GET flows": { flows: [{ flow: "daily", notebook: "d.ipynb" }] },
    "GET notifications/choices": { channels: ["lab", "slack"], secrets: ["hook"] },
    "POST notifications/check": CHECKED,
    "POST notifications/say": { sent: { lab: "sent" } },
    "POST notifications/try": { days: 30, fired: 3, notices: [] },
  };
  const model = new RulesModel(
    async (method, path, body) => {
      asked.push([`${method} ${path}`, body]);
      const found = answers[`${method} ${path}`] ?? {};
      if (found instanceof Error) throw found;
      return found;
    },
    TRANS,
    { awake: () => void told.push("awake"), note: (text) => void told.push(text) },
  );
  const bodies = (what: string) => asked.filter(([one]) => one === what).map(([, body]) => body);
  return { model, asked, answers, told, bodies };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const passed = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe("the panel of rules", () => {
  test("looks while it is shown, and not after", async () => {
    const { model, asked } = made();
    model.start();
    await passed(20_500);
    expect(asked).toHaveLength(3);
    expect(model.look()).toMatchObject({ phase: "ready", rules: [ONE, TWO] });
    model.stop();
    await passed(60_000);
    expect(asked).toHaveLength(3);
  });

  test("lists what is about a flow, by its name or by a pattern", async () => {
    const { model } = made();
    await model.reload();
    const names = (flow: string | null) =>
      listed({ rules: model.look().rules, flow }).map(({ name }) => name);
    expect([names(null), names("daily"), names("load_a"), names("other")]).toEqual([
      ["broken", "late"],
      ["broken"],
      ["late"],
      [],
    ]);
  });

  test("makes the first rule in one step, of the flow it was asked for", async () => {
    const { model, bodies, told } = made();
    await model.reload();
    model.about("other");
    expect(await model.first()).toBe("other-failed");
    expect(bodies("POST notifications/rules")).toEqual([
      { name: "other-failed", when: { on: "failed" }, to: LAB, flow: "other", enable: true },
    ]);
    expect(told).toEqual(["awake"]);
  });

  test("has a draft checked when typing pauses, and saves none twice", async () => {
    const { model, bodies } = made();
    await model.reload();
    await model.form.begin("daily");
    model.form.write({ on: "timed_out" });
    model.form.write({ on: "recovered" });
    expect(model.look().editing).toMatchObject({
      ...{ current: false, draft: { name: "daily-recovered", on: "recovered" } },
    });
    await passed(300);
    expect(bodies("POST notifications/check")).toHaveLength(1);
    expect(model.look().editing).toMatchObject({ current: true, checked: CHECKED });
    await Promise.all([model.form.save(), model.form.save()]);
    expect(bodies("POST notifications/rules")).toHaveLength(1);
    expect(model.look()).toMatchObject({ editing: null, said: "daily-recovered was saved" });
  });

  test("keeps a name that was given, and saves none that another rule has", async () => {
    const { model, bodies } = made();
    await model.form.begin();
    model.form.write({ name: "broken", named: true });
    model.form.write({ on: "slow" });
    expect(model.look().editing?.draft.name).toBe("broken");
    await model.form.save();
    expect(bodies("POST notifications/rules")).toEqual([]);
    await model.form.open("broken");
    await model.form.save();
    expect(bodies("POST notifications/rules")).toHaveLength(1);
  });

  test("tries a draft on what was, and forgets that as soon as it is another", async () => {
    const { model, bodies } = made();
    await model.form.begin("daily");
    await model.form.askOfDraft("try");
    expect(bodies("POST notifications/try")).toMatchObject([{ flow: "daily", days: 30 }]);
    expect(model.look().editing?.tried?.fired).toBe(3);
    expect(model.look().said).toBe("It would have told 3 times in the last 30 days.");
    model.form.write({ flow: "other" });
    expect(model.look().editing?.tried).toBeNull();
  });

  test("does not take what was found of a draft for that of the next one", async () => {
    const { model } = made();
    await model.form.begin("daily");
    const asking = model.form.askOfDraft("try");
    model.form.write({ flow: "other" });
    await asking;
    expect(model.look().editing).toMatchObject({ tried: null, asking: null });
  });

  test("shows here what a rule for JupyterLab says, and what is in the way of others", async () => {
    const { model, answers, told } = made();
    await model.reload();
    await model.say({ ...ONE, when: { on: "failed" } });
    expect(told).toEqual(["A word from a rule: this is how it tells you"]);
    answers["POST notifications/say"] = { sent: { slack: "slack answered 404" } };
    await model.say({ ...ONE, when: { on: "failed" } });
    expect(model.look().troubles.get("broken")?.message).toBe("Slack: slack answered 404");
  });

  test("switches on and off, and wakes the notices for what is on", async () => {
    const { model, bodies, told } = made();
    await model.turn("late", false);
    expect(told).toEqual([]);
    await model.turn("late", true);
    expect(told).toEqual(["awake"]);
    expect(bodies("POST notifications/rules/late/enable")).toHaveLength(1);
  });

  test("says of a rule what was refused, until that is dismissed", async () => {
    const { model, answers } = made();
    answers["DELETE notifications/rules/broken"] = new PageError("held", "again", 503);
    await model.remove("broken");
    expect(model.look().troubles.get("broken")).toEqual({ message: "held", hint: "again" });
    model.forgive("broken");
    expect(model.look().troubles.size).toBe(0);
  });

  test("keeps what was written where it is refused", async () => {
    const { model, answers } = made();
    answers["POST notifications/rules"] = new PageError("no", "else", 400);
    await model.form.begin("daily");
    await model.form.save();
    expect(model.look().editing).toMatchObject({
      ...{ saving: false, refused: { message: "no", hint: "else" }, draft: { flow: "daily" } },
    });
  });

  test("reads whom a rule told while that is open", async () => {
    const { model, answers } = made();
    const row = { id: "1", channel: "lab", status: "sent" };
    answers["GET notifications/deliveries?rule=broken&limit=20"] = { deliveries: [row] };
    model.toggleTold("broken");
    await passed(0);
    expect(model.look().deliveries.get("broken")).toEqual([row]);
    model.toggleTold("broken");
    expect(model.look().deliveries.has("broken")).toBe(false);
  });

  describe("sends again what had failed for good", () => {
    const TOLD = "GET notifications/deliveries?rule=broken&limit=20";
    const FAILED = {
      ...{ id: "1", flow: "daily", run_id: null, channel: "email", status: "failed" as const },
      ...{ attempts: 1, last_error: "e-mail is off", next_at: null, message: "", written_at: "" },
    };
    const WAITING = { ...FAILED, status: "waiting" as const };

    test("once, and sees what becomes of it", async () => {
      const { model, answers, bodies } = made();
      answers[TOLD] = { deliveries: [FAILED] };
      model.toggleTold("broken");
      await passed(0);
      answers[TOLD] = { deliveries: [WAITING] };
      const sending = [model.again.send("broken", FAILED), model.again.send("broken", FAILED)];
      await passed(0);
      expect([...model.look().again]).toEqual(["1"]);
      expect(model.look().said).toBe("Sending again…");
      answers[TOLD] = { deliveries: [{ ...FAILED, status: "sent", attempts: 2 }] };
      await passed(1_000);
      await Promise.all(sending);
      expect(bodies("POST notifications/retry")).toEqual([{ id: "1" }]);
      expect(model.look()).toMatchObject({ said: "E-mail: sent again" });
      expect(model.look().again.size).toBe(0);
    });

    test("says why it failed once more", async () => {
      const { model, answers } = made();
      answers[TOLD] = { deliveries: [{ ...FAILED, attempts: 2 }] };
      model.toggleTold("broken");
      await model.again.send("broken", FAILED);
      expect(model.look().said).toBe("E-mail: e-mail is off");
    });

    test("looks no longer than that takes, and not at a list that was closed", async () => {
      const { model, answers, asked } = made();
      answers[TOLD] = { deliveries: [WAITING] };
      model.toggleTold("broken");
      const sending = model.again.send("broken", FAILED);
      await passed(60_000);
      await sending;
      const looks = asked.length;
      expect(model.look().again.size).toBe(0);
      model.toggleTold("broken");
      await model.again.send("broken", FAILED);
      expect(asked.length).toBe(looks + 2);
    });

    test("keeps at the delivery why it is refused, and reads how it stands", async () => {
      const { model, answers } = made();
      answers[TOLD] = { deliveries: [{ ...FAILED, status: "sent" }] };
      answers["POST notifications/retry"] = new PageError("delivery 1 was sent", "", 409);
      model.toggleTold("broken");
      await model.again.send("broken", FAILED);
      expect(model.look().refusals.get("1")?.message).toBe("delivery 1 was sent");
      expect(model.look().deliveries.get("broken")?.[0]?.status).toBe("sent");
      model.toggleTold("broken");
      expect(model.look().refusals.size).toBe(0);
    });
  });

  test("says that it cannot read, and reads again", async () => {
    const { model, answers } = made();
    answers["GET notifications/rules"] = new PageError("gone", "start it", 0);
    await model.reload();
    expect(model.look()).toMatchObject({ phase: "failed", failure: { message: "gone" } });
    answers["GET notifications/rules"] = { rules: [] };
    await model.reload();
    expect(model.look()).toMatchObject({ phase: "ready", failure: null });
  });
});
