import { describe, expect, test } from "vitest";
import { Ahead } from "../src/lab/ahead";
import type { Post } from "../src/lab/serverLine";
import type { CellView } from "../src/protocol/generated";

const HELLO = { type: "HELLO", view: "v" } as const;
const CELL: CellView = { cell: "a", kind: "code", source: "%%flow a", metadata: {}, revision: 1 };
const ASKED = { path: "x.ipynb", locked: "", cells: [CELL], message: HELLO };

/** A server that says of what it was asked: the cells of the file, or those that were sent. */
function server(file: () => Promise<{ messages: readonly unknown[] }>) {
  const asked: Array<"file" | "cells"> = [];
  const post: Post = ({ cells }) => {
    asked.push(cells === null ? "file" : "cells");
    return cells === null ? file() : Promise.resolve({ messages: ["cells"] });
  };
  return { asked, post };
}

describe("a look ahead", () => {
  test("begins at once, and answers the first greeting alone", async () => {
    const { asked, post } = server(async () => ({ messages: ["file"] }));
    const ahead = new Ahead(post, "x.ipynb").asking(() => true);
    expect(asked).toEqual(["file"]);
    expect(await ahead(ASKED)).toEqual({ messages: ["file"] });
    expect(await ahead(ASKED)).toEqual({ messages: ["cells"] });
    expect(asked).toEqual(["file", "cells"]);
  });

  test("is forgotten when the document is another by now, has moved, or could not be read", async () => {
    for (const [isAsLoaded, path, file] of [
      [false, "x.ipynb", async () => ({ messages: ["file"] })],
      [true, "moved.ipynb", async () => ({ messages: ["file"] })],
      [true, "x.ipynb", () => Promise.reject(new Error("no ids"))],
    ] as const) {
      const { post } = server(file);
      const ahead = new Ahead(post, "x.ipynb").asking(() => isAsLoaded);
      expect(await ahead({ ...ASKED, path })).toEqual({ messages: ["cells"] });
    }
  });

  test("does not answer another question", async () => {
    const { post } = server(async () => ({ messages: ["file"] }));
    const ahead = new Ahead(post, "x.ipynb").asking(() => true);
    const message = { type: "UNDO", view: "v", rid: 1 } as const;
    expect(await ahead({ ...ASKED, message })).toEqual({ messages: ["cells"] });
  });
});
