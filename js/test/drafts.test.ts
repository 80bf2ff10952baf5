import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Drafts } from "../src/editor/drafts";
import { Editor } from "../src/editor/editor";
import { Memory } from "../src/host/memory";
import { Session } from "../src/host/session";
import { Store } from "../src/model/store";
import type { ViewMessage } from "../src/protocol/generated";
import { snapshot } from "./flows";

type Sent = Extract<ViewMessage, { type: "SET" }>;

function begin() {
  const memory = new Memory();
  const store = new Store(
    (callback) => callback(),
    () => 0,
  );
  const editor = new Editor(new Session(store, memory));
  const sets = () => memory.sent.filter((one): one is Sent => one.type === "SET");
  const answer = (one: Sent, refused = "") =>
    memory.tell(
      refused
        ? {
            type: "REFUSED",
            message: refused,
            hint: "write GET",
            problems: [],
            view: one.view,
            rid: one.rid,
          }
        : {
            type: "EDITED",
            label: "Change url",
            nodes: [],
            path: null,
            note: "",
            view: one.view,
            rid: one.rid,
          },
    );
  return { drafts: Drafts.of(editor), editor, sets, answer, memory };
}

const ask = (value: unknown) =>
  ({ type: "SET", node: "get", name: "url", value, unset: false }) as const;
const settled = () => vi.advanceTimersByTimeAsync(0);

describe("a draft", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("is applied once, after a pause", async () => {
    const { drafts, sets } = begin();
    for (const text of ["h", "ht", "http"]) drafts.change("get/url", text, ask);
    expect(sets()).toEqual([]);
    await vi.advanceTimersByTimeAsync(600);
    expect(sets().map((one) => one.value)).toEqual(["http"]);
  });

  it("is applied at once where its field is left", () => {
    const { drafts, sets } = begin();
    drafts.change("get/url", "a", ask);
    drafts.change("other/url", "b", ask);
    drafts.flush("get/");
    expect(sets().map((one) => one.value)).toEqual(["a"]);
  });

  it("is kept with the reason where it was refused", async () => {
    const { drafts, sets, answer } = begin();
    drafts.change("get/url", "BREW", ask, true);
    answer(sets()[0] as Sent, "method cannot be 'BREW'");
    await settled();
    expect(drafts.get("get/url")).toEqual({
      value: "BREW",
      error: "method cannot be 'BREW'",
      hint: "write GET",
    });
    drafts.arrived("get/", performance.now() + 1);
    expect(drafts.get("get/url")?.value).toBe("BREW");
  });

  it("is kept while nobody is reached, and sent once when somebody is", async () => {
    const { drafts, sets, answer, memory } = begin();
    memory.tell(snapshot(1, null));
    memory.link(false);
    drafts.change("get/url", "a", ask, true);
    await settled();
    expect(drafts.get("get/url")).toMatchObject({ value: "a", error: "Not connected." });
    drafts.flush();
    await settled();
    expect(sets()).toEqual([]);
    memory.link(true);
    memory.tell(snapshot(2, null));
    memory.tell(snapshot(3, null));
    expect(sets().map((one) => one.value)).toEqual(["a"]);
    answer(sets()[0] as Sent);
    await settled();
    expect(drafts.get("get/url")?.error).toBe("");
  });

  it("is never sent while it means nothing", async () => {
    const { drafts, sets } = begin();
    drafts.change("get/n", "1", ask);
    drafts.fail("get/n", "1x", "Write a number.");
    await vi.advanceTimersByTimeAsync(2000);
    drafts.flush();
    expect(sets()).toEqual([]);
    expect(drafts.get("get/n")?.error).toBe("Write a number.");
  });

  it("that changed while it was on its way is sent again, in order", async () => {
    const { drafts, sets, answer } = begin();
    drafts.change("get/url", "a", ask, true);
    drafts.change("get/url", "b", ask, true);
    expect(sets()).toHaveLength(1);
    answer(sets()[0] as Sent);
    await settled();
    expect(sets().map((one) => one.value)).toEqual(["a", "b"]);
    expect(drafts.get("get/url")?.value).toBe("b");
  });

  it("is let go once the flow says it", async () => {
    const { drafts, sets, answer, editor } = begin();
    drafts.change("get/url", "a", ask, true);
    answer(sets()[0] as Sent);
    await settled();
    expect(editor.state.said).toBe("Change url");
    expect(drafts.get("get/url")?.value).toBe("a");
    drafts.arrived("get/", performance.now());
    expect(drafts.get("get/url")).toBeUndefined();
  });
});
