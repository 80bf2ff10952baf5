/**
 * The little of Markdown that notes on a canvas need: headings, lists, bold, italic, code, links.
 * Text in, plain data out; what is not understood stays text. No HTML passes.
 */
export type Span =
  | { readonly is: "text" | "bold" | "italic" | "code"; readonly text: string }
  | { readonly is: "link"; readonly text: string; readonly href: string };

export type Block =
  | { readonly is: "heading"; readonly level: 1 | 2 | 3; readonly spans: readonly Span[] }
  | { readonly is: "list"; readonly ordered: boolean; readonly items: readonly (readonly Span[])[] }
  | { readonly is: "code"; readonly text: string }
  | { readonly is: "paragraph"; readonly spans: readonly Span[] };

const HEADING = /^(#{1,3})\s+(.*)$/;
const ITEM = /^\s*(?:[-*+]|(\d+)[.)])\s+(.*)$/;
const SPAN =
  /`([^`]+)`|\*\*([^*]+)\*\*|__([^_]+)__|\*([^*\s][^*]*)\*|_([^_\s][^_]*)_|\[([^\]]+)\]\(([^)\s]+)\)/g;
/** Links that lead out of the page to a place, not into a script. */
const SAFE = /^(https?:\/\/|mailto:|#|\.{0,2}\/)/i;

export function blocksOf(markdown: string): Block[] {
  const found: Block[] = [];
  const lines = markdown.replaceAll("\r", "").split("\n");
  for (let i = 0; i < lines.length; ) {
    const line = lines[i] ?? "";
    if (line.trim() === "") i++;
    else if (line.startsWith("```")) {
      const end = lines.findIndex((one, at) => at > i && one.startsWith("```"));
      const until = end < 0 ? lines.length : end;
      found.push({ is: "code", text: lines.slice(i + 1, until).join("\n") });
      i = until + 1;
    } else if (HEADING.test(line)) {
      const [, marks = "#", text = ""] = HEADING.exec(line) ?? [];
      found.push({ is: "heading", level: marks.length as 1 | 2 | 3, spans: spansOf(text) });
      i++;
    } else {
      const list = ITEM.test(line);
      const begin = i;
      while (
        i < lines.length &&
        (lines[i] ?? "").trim() !== "" &&
        ITEM.test(lines[i] ?? "") === list
      )
        if (!list && i > begin && HEADING.test(lines[i] ?? "")) break;
        else i++;
      const own = lines.slice(begin, i);
      found.push(list ? listOf(own) : { is: "paragraph", spans: spansOf(own.join(" ")) });
    }
  }
  return found;
}

function listOf(lines: readonly string[]): Block {
  const items = lines.map((line) => ITEM.exec(line) ?? []);
  return {
    is: "list",
    ordered: items[0]?.[1] !== undefined,
    items: items.map(([, , text = ""]) => spansOf(text)),
  };
}

export function spansOf(text: string): Span[] {
  const found: Span[] = [];
  let at = 0;
  const plain = (until: number) => {
    if (until > at) found.push({ is: "text", text: text.slice(at, until) });
  };
  for (const match of text.matchAll(SPAN)) {
    plain(match.index);
    const [whole, code, bold, bold2, italic, italic2, label, href] = match;
    if (code !== undefined) found.push({ is: "code", text: code });
    else if (label !== undefined && href !== undefined)
      found.push(SAFE.test(href) ? { is: "link", text: label, href } : { is: "text", text: label });
    else {
      const strong = bold ?? bold2;
      found.push({
        is: strong === undefined ? "italic" : "bold",
        text: strong ?? italic ?? italic2 ?? "",
      });
    }
    at = match.index + whole.length;
  }
  plain(text.length);
  return found;
}
