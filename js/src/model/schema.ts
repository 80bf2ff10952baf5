/** Settings of a node kind as form fields: what each takes, and what a text in it means. */

export type FieldKind =
  | "text"
  | "integer"
  | "number"
  | "boolean"
  | "choice"
  | "list"
  | "mapping"
  | "record"
  | "any";

export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
  /** What it takes, in words. */
  readonly takes: string;
  readonly help: string;
  readonly required: boolean;
  readonly nullable: boolean;
  /** A text with `{{ }}` is taken, too. */
  readonly templated: boolean;
  /** It is one expression, without braces. */
  readonly expression: boolean;
  readonly secret: boolean;
  readonly usual: unknown;
  readonly examples: readonly unknown[];
  readonly choices: readonly unknown[];
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
  /** What its items, or the values of a mapping, are. */
  readonly inner: Field | null;
  readonly fields: readonly Field[];
}

type Schema = Readonly<Record<string, unknown>>;
const KINDS: Readonly<Record<string, FieldKind>> = {
  string: "text",
  integer: "integer",
  number: "number",
  boolean: "boolean",
  array: "list",
  object: "mapping",
};
const WORDS: Readonly<Record<FieldKind, string>> = {
  text: "text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  choice: "one of a few words",
  list: "a list",
  mapping: "names with values",
  record: "names with values",
  any: "any value",
};

/** The fields of a kind, in the order it has them; those that are needed first. */
export function fieldsOf(schema: Schema): readonly Field[] {
  const needed = new Set(asList(schema.required));
  const all = Object.entries(asSchema(schema.properties)).map(([name, one]) =>
    fieldOf(name, asSchema(one), needed.has(name)),
  );
  return [...all.filter((one) => one.required), ...all.filter((one) => !one.required)];
}

export function fieldOf(name: string, schema: Schema, required = false): Field {
  const parts = variants(schema);
  const bare = parts.filter((one) => one.type !== "null" && one.$ref === undefined);
  const only = bare.length === 1 ? (bare[0] ?? {}) : {};
  const words = asList(only.type).filter((one) => one !== "null");
  const choices = asList(only.enum);
  const fields = Object.entries(asSchema(only.properties));
  const simple = words.length === 1 ? (KINDS[String(words[0])] ?? "any") : "any";
  const kind = choices.length > 0 ? "choice" : fields.length > 0 ? "record" : simple;
  const inner = only.items ?? only.additionalProperties;
  const untemplated = schema["x-untemplated"] === true;
  const field = {
    name,
    kind,
    takes: "",
    help: String(schema.description ?? ""),
    required,
    nullable: parts.some((one) => one.type === "null" || asList(one.type).includes("null")),
    templated: !untemplated && (parts.some((one) => one.$ref !== undefined) || free(kind)),
    expression: schema["x-expression"] === true,
    secret: schema["x-secret"] === true,
    usual: schema.default,
    examples: asList(schema.examples),
    choices,
    minimum: asNumber(only.minimum),
    maximum: asNumber(only.maximum),
    inner:
      typeof inner === "object" && inner !== null && (kind === "list" || kind === "mapping")
        ? fieldOf("", inner as Schema)
        : null,
    fields: fields.map(([key, one]) => fieldOf(key, asSchema(one))),
  };
  return { ...field, takes: takes(field) };
}

function free(kind: FieldKind): boolean {
  return kind === "text" || kind === "any";
}

function variants(schema: Schema): readonly Schema[] {
  const parts = schema.anyOf;
  return Array.isArray(parts) ? parts.flatMap((one) => variants(asSchema(one))) : [schema];
}

function takes(field: Omit<Field, "takes">): string {
  const { minimum: low, maximum: high } = field;
  const range =
    low !== undefined && high !== undefined
      ? ` from ${low} to ${high}`
      : low !== undefined
        ? ` from ${low} on`
        : high !== undefined
          ? ` up to ${high}`
          : "";
  const word =
    field.kind === "choice" ? `one of ${field.choices.join(", ")}` : WORDS[field.kind] + range;
  return field.nullable ? `${word}, or nothing` : word;
}

export type Parsed =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly message: string };

export function isTemplate(value: unknown): boolean {
  return typeof value === "string" && value.includes("{{");
}

/** What a value looks like where it is typed. */
export function textOf(field: Field, value: unknown): string {
  if (value === undefined || (value === null && field.kind !== "any")) return "";
  if (typeof value !== "string") return JSON.stringify(value);
  return field.kind === "any" && !isTemplate(value) && plain(value) !== value
    ? JSON.stringify(value)
    : value;
}

/** What a text means in a field; what would be accepted is said where it means nothing. */
export function parse(field: Field, text: string): Parsed {
  if (field.templated && isTemplate(text)) return { ok: true, value: text };
  const trimmed = text.trim();
  if (trimmed === "" && field.nullable) return { ok: true, value: null };
  switch (field.kind) {
    case "integer":
    case "number":
      return number(field, trimmed);
    case "boolean":
      return /^(true|false)$/.test(trimmed) ? good(trimmed === "true") : wrong(field);
    case "choice": {
      const found = field.choices.find((one) => String(one) === trimmed);
      return found === undefined ? wrong(field) : good(found);
    }
    case "text":
      return good(text);
    case "any":
      return good(plain(text));
    default: {
      const value = json(trimmed);
      const fits = field.kind === "list" ? Array.isArray(value) : isRecord(value);
      return fits ? good(value) : wrong(field);
    }
  }
}

function number(field: Field, text: string): Parsed {
  const value = Number(text);
  const whole = field.kind === "number" || Number.isInteger(value);
  const within = value >= (field.minimum ?? -Infinity) && value <= (field.maximum ?? Infinity);
  return text !== "" && Number.isFinite(value) && whole && within ? good(value) : wrong(field);
}

const good = (value: unknown): Parsed => ({ ok: true, value });
const wrong = (field: Field): Parsed => ({
  ok: false,
  message: `Write ${field.takes}${field.templated ? ", or a text with {{ }}" : ""}.`,
});

/** JSON where a text is some, else the text. */
export function plain(text: string): unknown {
  const found = json(text.trim());
  return found === undefined ? text : found;
}

export function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export type Badge = "default" | "literal" | "expression" | "upstream" | "secret";
const SECRET = /\$secret\b|\bsecrets?\s*[.([]/;
const PATH = /^\s*\{\{\s*([A-Za-z_]\w*)(?:\.\w+)*\s*\}\}\s*$/;

/** Where a value comes from; `names` are those of the node's inputs. */
export function badgeOf(field: Field, value: unknown, names: ReadonlySet<string>): Badge {
  if (value === undefined) return "default";
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  if (!text.includes("{{") && !(field.expression && text.trim() !== "")) return "literal";
  if (SECRET.test(text)) return "secret";
  const path = typeof value === "string" ? PATH.exec(value) : null;
  return path !== null && names.has(path[1] ?? "") ? "upstream" : "expression";
}

function asSchema(value: unknown): Schema {
  return isRecord(value) ? value : {};
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}

function asNumber(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
