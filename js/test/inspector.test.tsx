import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { Commands } from "../src/editor/commands";
import { Editor } from "../src/editor/editor";
import { Memory } from "../src/host/memory";
import { Session } from "../src/host/session";
import { fieldOf } from "../src/model/schema";
import { Store } from "../src/model/store";
import { Setting } from "../src/panels/inspector/Setting";
import { CommandsContext } from "../src/view/useEditor";

const store = new Store(
  (callback) => callback(),
  () => 0,
);
const commands = new Commands(new Editor(new Session(store, new Memory())), []);

function drawn(schema: Readonly<Record<string, unknown>>, value: unknown): string {
  return renderToStaticMarkup(
    <CommandsContext.Provider value={commands}>
      <Setting node="get" field={fieldOf("it", schema)} value={value} names={new Set(["fetch"])} />
    </CommandsContext.Provider>,
  );
}

describe("a setting is drawn as what its schema says", () => {
  it("a choice as a list of words with its default", () => {
    const html = drawn({ enum: ["a", "b"], default: "a" }, undefined);
    expect(html).toContain("a (default)");
    expect(html).toContain(">default</span>");
  });

  it("true and false as a box", () => {
    expect(drawn({ type: "boolean" }, true)).toContain('type="checkbox"');
  });

  it("a secret hidden while it is written out, and never coloured", () => {
    expect(drawn({ type: "string", "x-secret": true }, "abc")).toContain('type="password"');
  });

  it("a text that may be a template with its braces standing out", () => {
    const html = drawn({ type: "string" }, "{{ fetch.status }}");
    expect(html).toContain('data-token="mark"');
    expect(html).toContain('data-badge="upstream"');
  });

  it("a list and a mapping row by row, each with a way to add and remove", () => {
    const list = drawn({ type: "array", items: { type: "string" } }, ["x", "y"]);
    expect(list.match(/aria-label="Remove item/g)).toHaveLength(2);
    expect(drawn({ type: "object" }, { a: 1 })).toContain("Add to it");
  });

  it("an expression without braces as one", () => {
    const schema = { type: "string", "x-expression": true, "x-untemplated": true };
    expect(drawn(schema, "value > 2")).toContain('data-badge="expression"');
  });
});
