/// <reference types="node" />
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Commands } from "../src/editor/commands";
import { ARRANGING } from "../src/editor/commands/arranging";
import { EDITING } from "../src/editor/commands/editing";
import { FRAMING } from "../src/editor/commands/framing";
import { GROUPING } from "../src/editor/commands/grouping";
import { HISTORY } from "../src/editor/commands/history";
import { SELECTING } from "../src/editor/commands/selecting";
import { Editor } from "../src/editor/editor";
import { EVERY } from "../src/editor/every";
import { contextOf, menuOf, typed } from "../src/editor/menu";
import { Memory } from "../src/host/memory";
import { Session } from "../src/host/session";
import { Store } from "../src/model/store";
import { keyLabel } from "../src/view/keyLabel";
import { flow, snapshot } from "./flows";

function opened(): { commands: Commands; editor: Editor; names: () => string[] } {
  const store = new Store(
    (callback) => callback(),
    () => 0,
  );
  const editor = new Editor(new Session(store, new Memory(snapshot(1, null))));
  const commands = new Commands(editor, EVERY);
  return {
    commands,
    editor,
    names: () => menuOf(commands).flatMap((all) => all.map((one) => one.name)),
  };
}

test("a menu is about a node, several, a wire, or the canvas", () => {
  const { editor, names } = opened();
  expect(contextOf(editor)).toBe("pane");
  expect(names()).toEqual(expect.arrayContaining(["paste", "fit", "tidy-up"]));
  expect(names()).not.toContain("remove");
  editor.select(["ice"]);
  expect(contextOf(editor)).toBe("node");
  expect(names()).toEqual(expect.arrayContaining(["rename", "connect", "duplicate", "remove"]));
  editor.select(["ice", "fetch"]);
  expect(names()).toEqual(expect.arrayContaining(["group", "align-left", "extract"]));
  expect(names()).not.toContain("rename");
  const [edge] = flow.edges;
  editor.select([], [`${edge?.source}.${edge?.output}>${edge?.target}.${edge?.input}`]);
  expect(contextOf(editor)).toBe("edge");
  expect(names()).toContain("remove");
});

test("what cannot be done now is there with its reason where it is looked for", () => {
  const { commands, editor } = opened();
  editor.select(["ice", "fetch"]);
  const found = menuOf(commands).flat();
  expect(found.find((one) => one.name === "distribute-across")?.disabled).toContain("3 nodes");
  expect(found.find((one) => one.name === "ungroup")).toBeUndefined();
});

test("no key has two meanings", () => {
  const taken = new Map<string, string>();
  for (const { name, keys = [] } of EVERY)
    for (const key of keys) {
      expect(`${key}: ${taken.get(key) ?? name}`).toBe(`${key}: ${name}`);
      taken.set(key, name);
    }
});

test("letters lead to the next entry that begins with them", () => {
  const labels = ["Delete", "Duplicate", "Rename"];
  expect(typed(labels, "d", 1)).toBe(1);
  expect(typed(labels, "du", 0)).toBe(1);
  expect(typed(labels, "d", 2)).toBe(0);
  expect(typed(labels, "x", 0)).toBe(-1);
});

const GUIDE = join(__dirname, "..", "..", "docs", "guides", "canvas.md");

test("the guide has every key that edits", () => {
  const [, section = ""] = readFileSync(GUIDE, "utf8").split("## Editing by keyboard");
  const told = new Set([...section.matchAll(/`([^`]+)`/g)].map(([, key]) => key));
  const families = [HISTORY, EDITING, GROUPING, ARRANGING, SELECTING, FRAMING];
  const keys = families
    .flat()
    .flatMap((one) => (one.keys ?? []).map((key) => keyLabel(key, false)));
  expect(keys.filter((key) => !told.has(key))).toEqual([]);
});
