import { describe, expect, test } from "vitest";
import { SchedulesModel } from "../../src/lab/schedules/model";
import type { Schedule } from "../../src/lab/schedules/schedule";
import { BLANK, faultsOf, paramsOf, rowsOf } from "../../src/lab/schedules/starting";
import { PageError } from "../../src/protocol/runPage";
import { TRANS } from "../runs/fake";

const INPUT = { city: "Bergen", days: 3, tags: ["a"] };
const ONE: Schedule = {
  ...{ name: "nightly", flow: "daily", notebook: "d.ipynb", enabled: true, words: "At 09:00" },
  ...{ warnings: [], settings: { input_data: INPUT }, next_run: null, next: [], slots: [] },
  problem: null,
};

describe("rows of parameters", () => {
  test("are those of the schedule, or one to be filled in", () => {
    expect(rowsOf(ONE)).toEqual([
      { name: "city", text: "Bergen", given: true },
      { name: "days", text: "3", given: true },
      { name: "tags", text: '["a"]', given: true },
    ]);
    expect(rowsOf({ ...ONE, settings: {} })).toEqual([BLANK]);
  });

  test("give what is not as the schedule has it: JSON, or else text", () => {
    const [city, days, tags] = rowsOf(ONE);
    if (!city || !days || !tags) throw new Error("there are three");
    expect(paramsOf([city, days, tags, BLANK], ONE)).toEqual({});
    const written = [
      { ...city, text: "5" },
      { ...days, text: "4" },
      { ...tags, text: "[b" },
      { name: " dry ", text: "true", given: false },
    ];
    expect(paramsOf(written, ONE)).toEqual({ city: "5", days: 4, tags: "[b", dry: true });
  });

  test("have a name, and none the same", () => {
    const rows = [...rowsOf(ONE), { ...BLANK, text: "1" }, { ...BLANK, name: "city" }, BLANK];
    expect([...faultsOf(rows, TRANS)]).toEqual([
      [3, "Give it a name."],
      [4, "There is one of that name."],
    ]);
  });
});

describe("a run with other parameters", () => {
  async function made() {
    const asked: [string, object | undefined][] = [];
    const answers: Record<string, unknown> = {
      "GET schedules": { schedules: [ONE], running: true },
    };
    const model = new SchedulesModel(async (method, path, body) => {
      if (method === "POST") asked.push([path, body]);
      const found = answers[`${method} ${path}`] ?? {};
      if (found instanceof Error) throw found;
      return found;
    }, TRANS);
    await model.reload();
    model.starter.open("nightly");
    return { model, asked, answers };
  }

  test("is started once, and closes what it was written in", async () => {
    const { model, asked } = await made();
    model.starter.write(0, { text: "Oslo" });
    await Promise.all([model.starter.run(), model.starter.run()]);
    expect(asked).toEqual([["schedules/nightly/run", { params: { city: "Oslo" } }]]);
    expect(model.look()).toMatchObject({ starting: null, said: "nightly runs now" });
  });

  test("keeps what was written where it is refused", async () => {
    const { model, answers } = await made();
    answers["POST schedules/nightly/run"] = new PageError("town: no such parameter", "", 409);
    model.starter.more();
    model.starter.write(3, { name: "town", text: "Oslo" });
    await model.starter.run();
    expect(model.look().starting).toMatchObject({
      ...{ sending: false, refused: { message: "town: no such parameter" } },
      rows: [{}, {}, {}, { name: "town", text: "Oslo" }],
    });
    model.starter.write(3, { name: "days2" });
    expect(model.look().starting?.refused).toBeNull();
  });

  test("is not started while a name is at fault, and not of what is no more", async () => {
    const { model, asked } = await made();
    model.starter.more();
    model.starter.write(3, { text: "Oslo" });
    await model.starter.run();
    model.starter.close();
    await model.starter.run();
    model.starter.open("gone");
    expect(asked).toEqual([]);
    expect(model.look().starting).toBeNull();
  });

  test("that is closed meanwhile stays closed", async () => {
    const { model, answers } = await made();
    answers["POST schedules/nightly/run"] = new PageError("no", "", 409);
    const running = model.starter.run();
    model.starter.close();
    await running;
    expect(model.look().starting).toBeNull();
  });
});
