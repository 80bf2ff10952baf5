import { expect, test } from "vitest";
import { Commands, keyName } from "../src/editor/commands";
import { Editor } from "../src/editor/editor";
import { EVERY } from "../src/editor/every";
import { Memory } from "../src/host/memory";
import { Session } from "../src/host/session";
import { Store } from "../src/model/store";
import { snapshot } from "./flows";

function open() {
  const memory = new Memory(snapshot(1, null));
  const store = new Store(
    (callback) => callback(),
    () => 200,
  );
  const session = new Session(store, memory);
  const commands = new Commands(new Editor(session), EVERY);
  return { memory, store, session, commands, editor: commands.editor };
}

test("a question is answered by its own number, in whatever order", async () => {
  const { memory, session } = open();
  const one = session.request<"EDITED">({ type: "UNDO" });
  const two = session.request<"EDITED">({ type: "REDO" });
  const rids = memory.sent.slice(1).map((message) => ("rid" in message ? message.rid : 0));
  for (const rid of [...rids].reverse())
    memory.tell({
      type: "EDITED",
      view: session.view,
      rid,
      label: `answer ${rid}`,
      nodes: [],
      path: null,
      note: "",
    });
  expect((await one).label).toBe(`answer ${rids[0]}`);
  expect((await two).label).toBe(`answer ${rids[1]}`);
});

test("what is refused is shown, and changes nothing else", async () => {
  const { memory, session, editor, store } = open();
  editor.select(["fetch"]);
  const done = editor.do({ type: "DUPLICATE", nodes: ["fetch"] });
  memory.tell({
    type: "REFUSED",
    message: "no room",
    hint: null,
    problems: [],
    view: session.view,
    rid: 1,
  });
  expect(await done).toBeNull();
  expect(store.state.refused?.message).toBe("no room");
  expect([...editor.state.nodes]).toEqual(["fetch"]);
});

test("an answer for another view of the flow is not ours", async () => {
  const { memory, session } = open();
  let answered = false;
  void session.request({ type: "UNDO" }).then(() => {
    answered = true;
  });
  memory.tell({
    type: "EDITED",
    view: "other",
    rid: 1,
    label: "",
    nodes: [],
    path: null,
    note: "",
  });
  await Promise.resolve();
  expect(answered).toBe(false);
});

test("questions that nobody answers any more are refused when the line goes down", async () => {
  const { memory, session } = open();
  const asked = session.request({ type: "UNDO" });
  memory.link(false);
  await expect(asked).rejects.toThrow("lost before this was answered");
});

test("a command that cannot be done says why and sends nothing", () => {
  const { memory, commands, editor } = open();
  const before = memory.sent.length;
  commands.execute("remove");
  expect(editor.state.said).toContain("nothing is selected");
  expect(memory.sent.length).toBe(before);
  editor.select(["fetch", "ice"]);
  expect(commands.get("remove").label(editor)).toBe("Delete 2 nodes");
  commands.execute("remove");
  expect(memory.sent.at(-1)).toMatchObject({ type: "REMOVE", nodes: ["fetch", "ice"], edges: [] });
});

test("no two commands share a name or a key", () => {
  const names = EVERY.map((one) => one.name);
  const keys = EVERY.flatMap((one) => one.keys ?? []);
  expect(new Set(names).size).toBe(names.length);
  expect(new Set(keys).size).toBe(keys.length);
});

test("keys are written as commands have them", () => {
  const press = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };
  expect(keyName({ ...press, key: "Delete" })).toBe("Delete");
  expect(keyName({ ...press, key: "Z", ctrlKey: true, shiftKey: true })).toBe("Mod+Shift+z");
  expect(keyName({ ...press, key: "?", shiftKey: true })).toBe("?");
  expect(keyName({ ...press, key: " " })).toBe("Space");
});

test("what else came of a change is said and shown, and a notebook that was made is told", async () => {
  const { memory, session, editor } = open();
  const made: string[] = [];
  editor.made.add((path) => made.push(path));
  const answer = (rid: number, path: string | null, note: string) =>
    memory.tell({
      ...{ type: "EDITED", view: session.view, rid, label: "Paste b", nodes: ["b"] },
      ...{ path, note },
    });
  const pasting = editor.do({ type: "PASTE", text: "b" });
  answer(1, null, "b.x was fed by a.a, which is not here");
  await pasting;
  expect(editor.state.note).toBe("b.x was fed by a.a, which is not here");
  expect(editor.state.said).toBe("Paste b. b.x was fed by a.a, which is not here");
  const extracting = editor.do({ type: "EXTRACT", nodes: ["b"] });
  answer(2, "part.ipynb", "");
  await extracting;
  expect(made).toEqual(["part.ipynb"]);
  expect(editor.state.note).toBe("");
});
