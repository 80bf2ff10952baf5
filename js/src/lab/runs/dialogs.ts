/** What is asked before runs are deleted or replayed, in JupyterLab's own dialogs. */
import { Dialog, showDialog } from "@jupyterlab/apputils";
import { Widget } from "@lumino/widgets";
import type { Asker } from "./actions";
import type { Replay } from "./api";
import { type RunRow, shortId } from "./run";
import type { Words } from "./words";

export class LabAsker implements Asker {
  constructor(private readonly trans: Words) {}

  async confirm(title: string, lines: readonly string[], verb: string): Promise<boolean> {
    const { button } = await showDialog({
      title,
      body: new Body(lines),
      defaultButton: 0, // as where files are deleted: Enter alone deletes nothing
      buttons: this.buttons(verb),
    });
    return button.accept;
  }

  async typed(title: string, lines: readonly string[], verb: string, word: string) {
    const label = this.trans.__("Type %1 to go on:", word);
    const body = new TypedBody(lines, label, word);
    const dialog = new TypedDialog({
      ...{ title, body, defaultButton: 1, focusNodeSelector: "input" },
      buttons: this.buttons(verb),
    });
    return (await dialog.launch()).button.accept;
  }

  async replay(run: RunRow, nodes: readonly string[]): Promise<Replay | null> {
    const { trans } = this;
    const body = new ReplayBody(run, nodes, trans);
    const dialog = new ReplayDialog({
      title: trans.__("Replay run %1 of %2", shortId(run.id), run.flow),
      body,
      defaultButton: 1,
      buttons: [
        Dialog.cancelButton({ label: trans.__("Cancel") }),
        Dialog.okButton({ label: trans.__("Replay") }),
      ],
    });
    const { button, value } = await dialog.launch();
    return button.accept ? value : null;
  }

  private buttons(verb: string) {
    return [
      Dialog.cancelButton({ label: this.trans.__("Cancel") }),
      Dialog.warnButton({ label: verb }),
    ];
  }
}

class Body extends Widget {
  constructor(lines: readonly string[]) {
    super();
    this.addClass("fb-runs-asked");
    for (const line of lines) this.add("p").textContent = line;
  }

  protected add<K extends keyof HTMLElementTagNameMap>(
    name: K,
    to: Element = this.node,
  ): HTMLElementTagNameMap[K] {
    const element = document.createElement(name);
    to.append(element);
    return element;
  }

  protected field<K extends "input" | "select" | "textarea">(
    label: string,
    name: K,
  ): HTMLElementTagNameMap[K] {
    const around = this.add("label");
    this.add("span", around).textContent = label;
    return this.add(name, around);
  }
}

class TypedBody extends Body {
  private readonly input: HTMLInputElement;

  constructor(
    lines: readonly string[],
    label: string,
    private readonly word: string,
  ) {
    super(lines);
    this.input = this.field(label, "input");
    this.input.classList.add("jp-mod-styled");
    this.input.autocomplete = "off";
    this.input.inputMode = "numeric";
  }

  get valid(): boolean {
    return this.input.value.replace(/\D/g, "") === this.word;
  }

  getValue(): null {
    return null;
  }

  point(): void {
    this.input.setAttribute("aria-invalid", "true");
    this.input.focus();
    this.input.select();
  }
}

/** Enter accepts a dialog whatever its button says, so the way out is barred here. */
class TypedDialog extends Dialog<null> {
  constructor(
    private readonly asked: { readonly body: TypedBody } & Partial<Dialog.IOptions<null>>,
  ) {
    super(asked);
  }

  override resolve(index?: number): void {
    if ((index ?? 1) === 1 && !this.asked.body.valid) this.asked.body.point();
    else super.resolve(index);
  }
}

class ReplayBody extends Body {
  private readonly from: HTMLSelectElement;
  private readonly params: HTMLTextAreaElement;
  private readonly wrong: HTMLParagraphElement;

  constructor(
    run: RunRow,
    nodes: readonly string[],
    private readonly trans: Words,
  ) {
    super([trans.__("What lies before is taken from this run; the result is a branch of it.")]);
    this.from = this.field(trans.__("From"), "select");
    this.from.add(new Option(trans.__("the start"), ""));
    for (const node of nodes) this.from.add(new Option(node, node));
    this.params = this.field(trans.__("Parameters, as JSON"), "textarea");
    this.params.classList.add("jp-mod-styled");
    this.params.rows = 6;
    this.params.spellcheck = false;
    this.params.value = JSON.stringify(run.params ?? {}, null, 2);
    this.params.addEventListener("input", () => this.point(""));
    this.wrong = this.add("p");
    this.wrong.setAttribute("role", "alert");
  }

  /** Null while the parameters are no JSON object. */
  read(): Replay | null {
    try {
      const params: unknown = JSON.parse(this.params.value.trim() || "{}");
      if (typeof params !== "object" || params === null || Array.isArray(params)) throw new Error();
      const from = this.from.value;
      return { params: params as Replay["params"] & object, ...(from !== "" && { from }) };
    } catch (error) {
      const why = error instanceof Error ? error.message : "";
      this.point(this.trans.__("Write a JSON object. %1", why));
      this.params.focus();
      return null;
    }
  }

  /** Say what is wrong with the parameters; nothing once they are written anew. */
  private point(wrong: string): void {
    this.wrong.textContent = wrong;
    this.params.setAttribute("aria-invalid", String(wrong !== ""));
  }

  getValue(): Replay | null {
    return this.read();
  }
}

class ReplayDialog extends Dialog<Replay | null> {
  constructor(
    private readonly asked: { readonly body: ReplayBody } & Partial<Dialog.IOptions<Replay | null>>,
  ) {
    super(asked);
  }

  override resolve(index?: number): void {
    if ((index ?? 1) !== 1 || this.asked.body.read() !== null) super.resolve(index);
  }
}
