import { describe, expect, test } from "vitest";
import { bodyOf, type Draft, draftOf, freeName, newDraft } from "../../src/lab/rules/draft";
import { type Editing, standingOf } from "../../src/lab/rules/editing";
import { isAbout, patternOf, type Rule } from "../../src/lab/rules/rule";
import { TRANS } from "../runs/fake";

const body = (change: Partial<Draft>, taken: string[] = []) =>
  bodyOf({ ...newDraft("daily", "one"), ...change }, taken, TRANS);

describe("a rule as it is written", () => {
  test.each<Rule>([
    { name: "a", when: { on: "failed" }, to: [{ channel: "lab" }], first_only: true },
    { name: "b", when: { on: "slow", percentile: 99, over: 20, least: 5 }, to: [] },
    {
      name: "c",
      when: { on: "resources", what: "memory", node: "load", limit: 2e9 },
      to: [{ channel: "slack", secret: "hook" }],
      quiet: 5_400,
    },
    {
      name: "d",
      when: { on: "resources", what: "cpu", limit: 90 },
      to: [{ channel: "email", to: ["a@example.org", "b@example.org"] }],
      flow: "load*",
      triggers: ["cron"],
    },
  ])("comes back as it was read: $name", (rule) => {
    const { body, errors } = bodyOf(draftOf(rule), [], TRANS);
    expect(errors).toEqual({});
    expect(body).toEqual({
      ...{ flow: "*", triggers: [], quiet: 0, first_only: false },
      ...rule,
    });
  });

  test("leaves the numbers out that its event has no use for", () => {
    const { body: said, errors } = body({ on: "missed", percentile: "x", firstOnly: true });
    expect(errors).toEqual({});
    expect(said).toMatchObject({ when: { on: "missed" }, first_only: false });
  });

  test.each<[Partial<Draft>, string]>([
    [{ name: " " }, "name"],
    [{ flow: "" }, "flow"],
    [{ quiet: "often" }, "quiet"],
    [{ on: "slow", percentile: "100" }, "when.percentile"],
    [{ on: "slow", over: "" }, "when.over"],
    [{ on: "resources", bar: "limit", limit: "-1" }, "when.limit"],
  ])("is not sent where %o is at fault", (change, field) => {
    expect(Object.keys(body(change).errors)).toEqual([field]);
  });

  test("has a name that no other rule has", () => {
    expect(body({ name: "one" }, ["one"]).errors).toHaveProperty("name");
    expect(freeName("my flow*", "timed_out", [])).toBe("my-flow-timed-out");
    expect(freeName("", "failed", ["failed", "failed-2"])).toBe("failed-3");
  });

  test("is at fault as the server says only while that is about this very draft", () => {
    const refused = { message: "a secret is needed", hint: null, field: "to.0.secret" };
    const checked = { valid: false, words: "", warnings: [], refused };
    const editing: Editing = {
      ...{ of: null, draft: newDraft("daily", "one"), taken: [], checked, current: true },
      ...{ saving: false, refused: null, tried: null, said: null, asking: null },
    };
    expect(standingOf(editing, TRANS)).toMatchObject({
      ...{ faults: { "to.0.secret": "a secret is needed" }, savable: false },
    });
    expect(standingOf({ ...editing, current: false }, TRANS).faults).toEqual({});
    const valid = { ...checked, valid: true, refused: null };
    expect(standingOf({ ...editing, checked: valid }, TRANS).savable).toBe(true);
  });
});

describe("of which flows a rule is", () => {
  test.each([
    ["*", "daily", true],
    ["daily", "daily", true],
    ["daily", "daily2", false],
    ["load_?", "load_a", true],
    ["load_[ab]", "load_b", true],
    ["load_[!ab]", "load_b", false],
    ["a.b", "axb", false],
    ["[", "[", true],
  ])("%s is about %s: %s", (flow, name, about) => {
    expect(isAbout({ flow }, name)).toBe(about);
  });

  test("what names a flow is about that alone", () => {
    expect(isAbout({ flow: patternOf("a*[b]?") }, "a*[b]?")).toBe(true);
    expect(isAbout({ flow: patternOf("a*") }, "ab")).toBe(false);
  });
});
