/**
 * What was copied last, by any canvas of this page. The page's clipboard has it too wherever a
 * page may write there; where it may not (no secure connection), this is all there is.
 */
export class Clip {
  private text = "";
  /** Whether the page's clipboard has the same. */
  private shared = false;

  /** Remember, and put it into the page's clipboard if that can be. */
  async put(text: string): Promise<void> {
    this.text = text;
    this.shared = false;
    try {
      await navigator.clipboard.writeText(text);
      this.shared = true;
    } catch {
      // Not allowed, or there is none: paste takes what is remembered here.
    }
  }

  /** What to paste, when the page's clipboard says `offered`. */
  take(offered: string): string {
    return this.shared && offered !== "" ? offered : this.text || offered;
  }

  /** The same where nobody pressed a key, so that the clipboard has to be asked. */
  async read(): Promise<string> {
    try {
      return this.take(await navigator.clipboard.readText());
    } catch {
      return this.text;
    }
  }
}

export const CLIP = new Clip();
