/** Text as coloured pieces: a light reader of each language that nodes are written in. */

export type TokenKind = "word" | "text" | "number" | "comment" | "name" | "mark" | "plain";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

type Rule = readonly [TokenKind, string];
const TEXTS = `"(?:[^"\\\\\\n]|\\\\.)*"?|'(?:[^'\\\\\\n]|\\\\.)*'?`;
const NUMBER: Rule = ["number", "\\b\\d[\\w.]*\\b"];
const words = (list: string): Rule => ["word", `\\b(?:${list.replaceAll(" ", "|")})\\b`];

const EXPRESSION: readonly Rule[] = [
  ["text", TEXTS],
  words("and or not in is if else for True False None"),
  ["name", "\\$\\w+|\\b[A-Za-z_]\\w*(?=\\s*\\()"],
  NUMBER,
];
const LANGUAGES: Readonly<Record<string, readonly Rule[]>> = {
  python: [
    ["comment", "#[^\\n]*"],
    ["text", `(?:\\b[rRbBfFuU]{1,2})?(?:"""[\\s\\S]*?(?:"""|$)|'''[\\s\\S]*?(?:'''|$)|${TEXTS})`],
    words(
      "and as assert async await break class continue def del elif else except finally from for " +
        "global if import in is lambda match nonlocal not or pass raise return try while with " +
        "yield True False None",
    ),
    ["name", "@[\\w.]+|\\b[A-Za-z_]\\w*(?=\\()"],
    NUMBER,
  ],
  sql: [
    ["comment", "--[^\\n]*|/\\*[\\s\\S]*?(?:\\*/|$)"],
    ["text", "'(?:[^']|'')*'?"],
    [
      "word",
      "\\b(?:select|from|where|group|by|order|having|limit|offset|join|left|right|full|inner|outer|cross|on|using|as|and|or|not|in|is|null|like|ilike|between|case|when|then|else|end|union|all|distinct|with|over|partition|exists|asc|desc|insert|into|values|update|set|delete|create|table|cast|true|false|qualify)\\b",
    ],
    ["name", "\\$\\w+|\\b[A-Za-z_]\\w*(?=\\()"],
    NUMBER,
  ],
  javascript: [
    ["comment", "//[^\\n]*|/\\*[\\s\\S]*?(?:\\*/|$)"],
    ["text", `\`(?:[^\`\\\\]|\\\\[\\s\\S])*\`?|${TEXTS}`],
    words(
      "async await break case catch class const continue default delete do else export extends " +
        "finally for from function if import in instanceof let new of return static super " +
        "switch this throw try typeof var void while yield true false null undefined",
    ),
    ["name", "\\b[A-Za-z_$][\\w$]*(?=\\()"],
    NUMBER,
  ],
  yaml: [
    ["comment", "(?:^|(?<=\\s))#[^\\n]*"],
    ["mark", "\\{\\{[\\s\\S]*?(?:\\}\\}|$)"],
    ["name", "(?<=^|\\n)[ \\t-]*[\\w.-]+(?=\\s*:(?:\\s|$))"],
    ["text", TEXTS],
    words("true false null"),
    NUMBER,
  ],
  jinja: [
    ["comment", "\\{#[\\s\\S]*?(?:#\\}|$)"],
    ["mark", "\\{\\{[\\s\\S]*?(?:\\}\\}|$)|\\{%[\\s\\S]*?(?:%\\}|$)"],
  ],
  expression: EXPRESSION,
  text: [],
};
const readers = new Map<string, { readonly pattern: RegExp; readonly kinds: TokenKind[] }>();

function reader(language: string) {
  const known = readers.get(language);
  if (known !== undefined) return known;
  const rules = LANGUAGES[language] ?? [];
  const made = {
    pattern: new RegExp(
      rules.map(([, source]) => `(${source})`).join("|") || "(?!)",
      language === "sql" ? "gi" : "g",
    ),
    kinds: rules.map(([kind]) => kind),
  };
  readers.set(language, made);
  return made;
}

/** The pieces of a text, in order; together they are the text. */
export function tokens(text: string, language: string): readonly Token[] {
  if (language === "template") return template(text);
  const { pattern, kinds } = reader(language);
  const found: Token[] = [];
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    if (match[0] === "") continue;
    if (match.index > at) found.push({ kind: "plain", text: text.slice(at, match.index) });
    const rule = match.slice(1).findIndex((one) => one !== undefined);
    found.push({ kind: kinds[rule] ?? "plain", text: match[0] });
    at = match.index + match[0].length;
  }
  if (at < text.length) found.push({ kind: "plain", text: text.slice(at) });
  return found;
}

/** Text with expressions in braces: the braces stand out, and what is inside is read. */
function template(text: string): readonly Token[] {
  return text.split(/(\{\{[\s\S]*?(?:\}\}|$))/).flatMap((part): readonly Token[] => {
    if (part === "") return [];
    if (!part.startsWith("{{")) return [{ kind: "plain", text: part }];
    const closed = part.length > 3 && part.endsWith("}}");
    return [
      { kind: "mark", text: "{{" },
      ...tokens(part.slice(2, closed ? -2 : undefined), "expression"),
      ...(closed ? [{ kind: "mark", text: "}}" } as const] : []),
    ];
  });
}
