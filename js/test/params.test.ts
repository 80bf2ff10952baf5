import { expect, test } from "vitest";
import { fieldKind, parseForm } from "../src/model/params";
import type { ParamView } from "../src/protocol/generated";

function param(name: string, rest: Partial<ParamView> = {}): ParamView {
  return { name, required: false, default: null, annotation: null, help: null, ...rest };
}

test("the annotation decides the field, else the default's type", () => {
  expect(fieldKind(param("a", { annotation: "int", default: 3 }))).toBe("integer");
  expect(fieldKind(param("a", { annotation: "list[str]" }))).toBe("json");
  expect(fieldKind(param("a", { default: 2.5 }))).toBe("number");
  expect(fieldKind(param("a", { default: true }))).toBe("boolean");
  expect(fieldKind(param("a", { default: { b: 1 } }))).toBe("json");
  expect(fieldKind(param("a", { default: "Oslo" }))).toBe("text");
});

test("untouched fields give their defaults and empty ones are left out", () => {
  const params = [param("city", { default: "Oslo" }), param("limit", { annotation: "int" })];
  expect(parseForm(params, {})).toEqual({ values: { city: "Oslo" }, errors: {} });
  expect(parseForm(params, { city: "" }).values).toEqual({});
});

test("every wrong field says what it wants, all at once", () => {
  const params = [
    param("city", { required: true }),
    param("days", { annotation: "int" }),
    param("hot", { annotation: "float" }),
    param("tags", { annotation: "list" }),
  ];
  const { errors } = parseForm(params, { days: "1.5", hot: "warm", tags: "[1" });
  expect(Object.keys(errors)).toEqual(["city", "days", "hot", "tags"]);
  expect(errors.days).toBe("“1.5” is not a whole number");
});

test("text becomes the value its type asks for", () => {
  const params = [
    param("days", { annotation: "int" }),
    param("wet", { annotation: "bool" }),
    param("tags", { annotation: "list" }),
  ];
  expect(parseForm(params, { days: " 7 ", wet: "false", tags: '["a"]' }).values).toEqual({
    days: 7,
    wet: false,
    tags: ["a"],
  });
});
