import { describe, expect, it } from "vitest";
import { Commands } from "../src/editor/commands";
import { Editor } from "../src/editor/editor";
import { EVERY } from "../src/editor/every";
import { launchOf } from "../src/editor/launch";
import { Memory } from "../src/host/memory";
import { Session } from "../src/host/session";
import { foldRun } from "../src/model/fold";
import { nextHeld } from "../src/model/stepping";
import { Store } from "../src/model/store";
import { edgeVolume } from "../src/model/volume";
import type { Event, ViewMessage } from "../src/protocol/generated";
import { flow } from "./flows";

const RUN = { run: "r", at: 1 };
const names = flow.nodes.map((one) => one.name);
const [first = "", second = ""] = names;

function created(): Event {
  return {
    kind: "RUN_CREATED",
    ...RUN,
    seq: 0,
    flow: flow.flow,
    version: "v",
    trigger: "canvas",
    nodes: names,
  };
}

function heard(events: Event[] | null = null) {
  const sent: ViewMessage[] = [];
  const run = events === null ? null : { run: "r", events, progress: [], waits_for: "" };
  const memory = new Memory({ type: "SNAPSHOT", seq: 1, flow, run });
  memory.answer = (message) => void sent.push(message);
  const store = new Store(
    (callback) => callback(),
    () => 1,
  );
  const editor = new Editor(new Session(store, memory));
  const commands = new Commands(editor, EVERY);
  return { editor, commands, last: () => sent.at(-1), store };
}

describe("ways to run", () => {
  it("are of the selected nodes, and say so", () => {
    const { editor, commands, last } = heard();
    commands.execute("run-from");
    expect(editor.state.said).toContain("no node is selected");
    editor.select([second]);
    expect(commands.get("run-from").label(editor)).toBe(`Run from ${second}`);
    commands.execute("run-from");
    expect(last()).toMatchObject({ type: "START", since: [second] });
    commands.execute("run-to");
    expect(last()).toMatchObject({ type: "START", until: [second] });
    commands.execute("run-selection");
    expect(last()).toMatchObject({ type: "START", only: [second] });
    commands.execute("run");
    expect(last()).toMatchObject({ type: "RUN" });
  });

  it("have keys", () => {
    const { commands } = heard();
    const key = (key: string, more = {}) => ({
      ...{ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false },
      ...more,
    });
    expect(commands.ofKey(key("r"))?.name).toBe("run");
    expect(commands.ofKey(key("R", { shiftKey: true }))?.name).toBe("run-from");
    expect(commands.ofKey(key("."))?.name).toBe("step");
    expect(commands.ofKey(key(","))?.name).toBe("pause");
  });

  it("step: a run begins paused, then one node goes after the other", () => {
    const fresh = heard();
    fresh.commands.execute("step");
    expect(fresh.last()).toMatchObject({ type: "START", paused: true });
    const paused: Event[] = [
      created(),
      { kind: "RUN_PAUSED", ...RUN, seq: 1 },
      { kind: "NODE_SCHEDULED", ...RUN, seq: 2, node: second },
      { kind: "NODE_SCHEDULED", ...RUN, seq: 3, node: first },
    ];
    const going = heard(paused);
    expect(nextHeld(foldRun(null, paused))).toBe(first);
    expect(going.commands.get("run").disabled(going.editor)).toBe("a run is under way");
    going.commands.execute("step");
    expect(going.last()).toMatchObject({ type: "STEER", how: "step", node: first });
    going.commands.execute("pause");
    expect(going.last()).toMatchObject({ type: "STEER", how: "resume" });
    const stepped = foldRun(null, [
      ...paused,
      { kind: "NODE_SCHEDULED", ...RUN, seq: 4, node: first, stepped: true },
    ]);
    expect([stepped?.nodes[first]?.phase, nextHeld(stepped)]).toEqual(["ready", second]);
  });

  it("with cells changed by hand send these, by port", async () => {
    const { editor, commands, last } = heard([created()].concat(over()));
    const launch = launchOf(editor);
    launch.edit("clean.days", { row: 3, column: 1, value: "4" }, 3, 1);
    launch.edit("clean.days", { row: 5, column: 1, value: "6" }, 5, 1);
    launch.edit("clean.days", null, 5, 1);
    expect(launch.edits).toBe(1);
    commands.execute("run-edited");
    const cells = [{ row: 3, column: 1, value: "4" }];
    expect(last()).toMatchObject({
      type: "START",
      tables: [{ node: "clean", port: "days", cells }],
    });
  });
});

function over(): Event[] {
  return [{ kind: "RUN_COMPLETED", ...RUN, seq: 1, status: "succeeded", ms: 1 }];
}

describe("the label of an edge", () => {
  const edge = flow.edges[0];
  it("says rows, items or bytes, once for an output", () => {
    if (edge === undefined) throw new Error("the flow has no edge");
    const { source, output } = edge;
    const gave = (ref: object) =>
      heard([
        created(),
        {
          kind: "NODE_COMPLETED",
          ...{ ...RUN, seq: 1, node: source, attempt: 1, ms: 1 },
          outputs: { [output]: { hash: "h", format: "json", type: "list", ...ref } },
        } as Event,
      ]).store.state;
    expect(edgeVolume(edge, gave({ rows: 1461 }))).toBe("1,461 rows");
    expect(edgeVolume(edge, gave({ inline: [1, 2, 3] }))).toBe("3 items");
    expect(edgeVolume(edge, gave({ type: "bytes", size: 84_000 }))).toBe("84 KB");
    expect(edgeVolume(edge, gave({ type: "int", size: 2 }))).toBe("");
    const state = gave({ rows: 2 });
    const twice = { ...edge, target: "another" };
    const more = { ...flow, edges: [edge, twice] };
    expect(edgeVolume(twice, { ...state, flow: more })).toBe("");
  });
});
