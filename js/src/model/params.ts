/** Run parameters as a form: which input each needs, and what its text means. */
import type { ParamView } from "../protocol/generated";

export type FieldKind = "text" | "integer" | "number" | "boolean" | "json";

export type Parsed =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: true; readonly absent: true }
  | { readonly ok: false; readonly message: string };

const BY_ANNOTATION: Readonly<Record<string, FieldKind>> = {
  str: "text",
  int: "integer",
  float: "number",
  bool: "boolean",
  dict: "json",
  list: "json",
};

/** From the annotation when there is a plain one, else from the default's type. */
export function fieldKind(param: ParamView): FieldKind {
  const word = /^\w+/.exec(param.annotation ?? "")?.[0] ?? "";
  const named = BY_ANNOTATION[word];
  if (named !== undefined) return named;
  switch (typeof param.default) {
    case "boolean":
      return "boolean";
    case "number":
      return "number";
    case "object":
      return param.default === null ? "text" : "json";
    default:
      return "text";
  }
}

/** What the form shows before anybody typed. */
export function shownDefault(param: ParamView): string {
  if (param.required || param.default === null || param.default === undefined) return "";
  return typeof param.default === "string" ? param.default : JSON.stringify(param.default);
}

/** The value of a field's text; empty text means "take the default". */
export function parseField(param: ParamView, text: string): Parsed {
  const trimmed = text.trim();
  if (trimmed === "") {
    if (param.required) return { ok: false, message: `${param.name} is needed` };
    return { ok: true, absent: true };
  }
  switch (fieldKind(param)) {
    case "integer":
      return /^[+-]?\d+$/.test(trimmed)
        ? { ok: true, value: Number(trimmed) }
        : { ok: false, message: `“${trimmed}” is not a whole number` };
    case "number": {
      const value = Number(trimmed);
      return Number.isFinite(value)
        ? { ok: true, value }
        : { ok: false, message: `“${trimmed}” is not a number` };
    }
    case "boolean":
      return /^(true|false)$/.test(trimmed)
        ? { ok: true, value: trimmed === "true" }
        : { ok: false, message: "choose true or false" };
    case "json":
      try {
        return { ok: true, value: JSON.parse(trimmed) };
      } catch {
        return { ok: false, message: 'write JSON, such as ["a", "b"]' };
      }
    case "text":
      return { ok: true, value: text };
  }
}

export interface Form {
  readonly values: Readonly<Record<string, unknown>>;
  readonly errors: Readonly<Record<string, string>>;
}

/** All fields at once: the parameters to send, and what is wrong by name. */
export function parseForm(
  params: readonly ParamView[],
  texts: Readonly<Record<string, string>>,
): Form {
  const values: Record<string, unknown> = {};
  const errors: Record<string, string> = {};
  for (const param of params) {
    const parsed = parseField(param, texts[param.name] ?? shownDefault(param));
    if (!parsed.ok) errors[param.name] = parsed.message;
    else if ("value" in parsed) values[param.name] = parsed.value;
  }
  return { values, errors };
}
