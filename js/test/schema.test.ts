import { describe, expect, it } from "vitest";
import recorded from "../dev/forms.json";
import { badgeOf, fieldOf, fieldsOf, parse, textOf } from "../src/model/schema";

const TEMPLATE = { $ref: "#/$defs/template" };

describe("a field of a schema", () => {
  it("knows what it takes, with templates as one more way", () => {
    const field = fieldOf("seconds", {
      anyOf: [{ type: "integer", minimum: 1, maximum: 9 }, TEMPLATE],
      default: 3,
    });
    expect([field.kind, field.templated, field.nullable]).toEqual(["integer", true, false]);
    expect(field.takes).toBe("a whole number from 1 to 9");
  });

  it("takes nothing where null is among its types", () => {
    expect(fieldOf("x", { type: ["string", "null"] }).nullable).toBe(true);
    expect(fieldOf("x", { anyOf: [{ type: "number" }, { type: "null" }] }).kind).toBe("number");
  });

  it("is a list of what its items are, a mapping of what its values are, a record of fields", () => {
    expect(fieldOf("x", { type: "array", items: { type: "integer" } }).inner?.kind).toBe("integer");
    const mapping = fieldOf("x", { type: "object", additionalProperties: { type: "string" } });
    expect([mapping.kind, mapping.inner?.kind]).toEqual(["mapping", "text"]);
    const record = fieldOf("x", { type: "object", properties: { a: { type: "boolean" } } });
    expect([record.kind, record.fields[0]?.kind]).toEqual(["record", "boolean"]);
  });

  it("is any value where a schema says nothing, or several things", () => {
    expect(fieldOf("x", {}).kind).toBe("any");
    expect(fieldOf("x", { anyOf: [{ type: "integer" }, { type: "string" }] }).kind).toBe("any");
  });

  it("stays as written where no template is rendered in it", () => {
    expect(fieldOf("x", { type: "string", "x-untemplated": true }).templated).toBe(false);
  });

  it("comes first where it is needed", () => {
    const schema = { properties: { a: {}, b: {} }, required: ["b"] };
    expect(fieldsOf(schema).map((one) => one.name)).toEqual(["b", "a"]);
  });

  it("is made of every kind's schema as Python has it", () => {
    for (const form of Object.values(recorded.forms))
      for (const field of fieldsOf(form.settings)) expect(field.takes).not.toBe("");
  });
});

describe("a text in a field", () => {
  const number = fieldOf("n", { anyOf: [{ type: "integer", minimum: 1 }, TEMPLATE] });

  it("is refused with what would be accepted", () => {
    expect(parse(number, "12")).toEqual({ ok: true, value: 12 });
    expect(parse(number, "0")).toEqual({
      ok: false,
      message: "Write a whole number from 1 on, or a text with {{ }}.",
    });
    expect(parse(number, "1.5").ok).toBe(false);
    expect(parse(number, "").ok).toBe(false);
  });

  it("is a template wherever one is taken", () => {
    expect(parse(number, "{{ n }}")).toEqual({ ok: true, value: "{{ n }}" });
    const fixed = fieldOf("n", { type: "integer", "x-untemplated": true });
    expect(parse(fixed, "{{ n }}").ok).toBe(false);
  });

  it("is one of the choices, with their own types", () => {
    const field = fieldOf("n", { enum: [1, "two"] });
    expect(parse(field, "1")).toEqual({ ok: true, value: 1 });
    expect(parse(field, "three")).toEqual({ ok: false, message: "Write one of 1, two." });
  });

  it("reads back as what it shows, whatever the value", () => {
    const any = fieldOf("x", {});
    for (const value of [1, true, null, "1", "true", "a", "", [1, "b"], { a: null }, "{{ x }}"]) {
      const read = parse(any, textOf(any, value));
      expect(read).toEqual({ ok: true, value });
    }
  });
});

describe("a badge", () => {
  const text = fieldOf("url", { type: "string" });
  const names = new Set(["fetch"]);
  it("says literal, expression, upstream, secret or default", () => {
    const badges = [
      undefined,
      "x",
      "{{ a }} b",
      "{{ fetch.status }}",
      "{{ other }}",
      "{{ $secret.a }}",
      { a: "{{ $secret.b }}" },
    ].map((value) => badgeOf(text, value, names));
    expect(badges).toEqual([
      "default",
      "literal",
      "expression",
      "upstream",
      "expression",
      "secret",
      "secret",
    ]);
    const condition = fieldOf("condition", { type: "string", "x-expression": true });
    expect(badgeOf(condition, "value > 2", names)).toBe("expression");
  });
});
