/**
 * A look ahead at the flow of a document that is still being opened.
 *
 * The server reads the file while JupyterLab loads it. What it found answers the first greeting, if
 * the document is then as the file was; whatever is asked next is asked of the document's own cells.
 */
import type { Post } from "./serverLine";

export class Ahead {
  private answer: ReturnType<Post> | null;

  constructor(
    private readonly post: Post,
    private readonly path: string,
  ) {
    const message = { type: "HELLO", view: "" } as const;
    this.answer = post({ path, locked: "", cells: null, message });
    this.answer.catch(() => {}); // then it is asked again, and says why
  }

  /** A way to ask, which has the answer to a first greeting where the document is as it was loaded. */
  asking(isAsLoaded: () => boolean): Post {
    return async (asked) => {
      const { answer } = this;
      this.answer = null;
      if (answer !== null && asked.message.type === "HELLO" && asked.path === this.path) {
        const found = await answer.catch(() => null);
        if (found !== null && isAsLoaded()) return found;
      }
      return this.post(asked);
    };
  }
}
