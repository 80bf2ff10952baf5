import { expect, test } from "vitest";
import { insert, loadKinds, whereNext } from "../src/editor/adding";
import { Editor } from "../src/editor/editor";
import { Memory } from "../src/host/memory";
import { Session } from "../src/host/session";
import { Store } from "../src/model/store";
import { keyLabel } from "../src/view/keyLabel";
import { flow, PLAIN, snapshot } from "./flows";

function open() {
  const memory = new Memory(snapshot(1, null));
  const store = new Store(
    (callback) => callback(),
    () => 200,
  );
  const editor = new Editor(new Session(store, memory));
  const view = editor.session.view;
  return { memory, editor, view };
}

const NEW = {
  ...{ name: "sort", kind: "sort", x: 0, y: 0, inputs: [], outputs: ["sort"], options: {} },
  ...{ cell: null, index: null, settings: [], ...PLAIN },
};

test("a new node is selected and seen once the definition has it, not before", async () => {
  const { memory, editor, view } = open();
  let there = "";
  const inserted = insert(editor, "sort").then((name) => {
    there = name ?? "refused";
  });
  memory.tell({
    ...{ type: "EDITED", view, rid: 1, label: "Add sort", nodes: ["sort"] },
    ...{ path: null, note: "" },
  });
  await Promise.resolve();
  await Promise.resolve();
  expect(there).toBe("");
  memory.tell({ ...snapshot(2, null), flow: { ...flow, nodes: [...flow.nodes, NEW] } });
  await inserted;
  expect(there).toBe("sort");
  expect([...editor.state.nodes]).toEqual(["sort"]);
  expect(editor.state.reveal?.node).toBe("sort");
});

test("a node goes behind the one that is selected, if it is one and gives anything", () => {
  const { editor } = open();
  editor.select(["fetch"]);
  expect(whereNext(editor)).toEqual({ after: { node: "fetch", port: "rows" } });
  editor.select(["fetch", "ice"]);
  expect(whereNext(editor).after).toBeUndefined();
});

test("a node goes into the one wire that is selected", () => {
  const { editor } = open();
  editor.select([], ["fetch.rows>season.rows"]);
  expect(whereNext(editor)).toEqual({ on: { target: "season", input: "rows" } });
});

test("a refused node leaves the selection alone", async () => {
  const { memory, editor, view } = open();
  editor.select(["ice"]);
  const inserted = insert(editor, "sort");
  memory.tell({ type: "REFUSED", message: "no", hint: null, problems: [], view, rid: 1 });
  expect(await inserted).toBeNull();
  expect([...editor.state.nodes]).toEqual(["ice"]);
});

test("kinds are asked for once, and again only after a refusal", async () => {
  const { memory, editor, view } = open();
  const asked = () => memory.sent.filter((one) => one.type === "KINDS").length;
  const first = loadKinds(editor);
  memory.tell({ type: "REFUSED", message: "no", hint: null, problems: [], view, rid: 1 });
  await first;
  const second = loadKinds(editor);
  memory.tell({ type: "KINDS", view, rid: 2, kinds: [] });
  await second;
  await loadKinds(editor);
  expect(asked()).toBe(2);
  expect(editor.state.kinds).toEqual([]);
});

test("keys read as keyboards have them", () => {
  expect(keyLabel("Mod+Shift+g", false)).toBe("Ctrl+Shift+G");
  expect(keyLabel("Mod+Shift+g", true)).toBe("⌘⇧G");
  expect(keyLabel("ArrowUp", false)).toBe("↑");
});
