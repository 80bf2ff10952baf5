/** The form of a rule: it is checked while it is written, and tried before it is kept. */
import type { Ask } from "../run/api";
import type { Words } from "../runs/words";
import { bodyOf, type Draft, draftOf, freeName, newDraft } from "./draft";
import type { Editing } from "./editing";
import { type Checked, type Choices, patternOf, type Said, type Tried } from "./rule";
import { type Around, namesOf, troubleOf, type View } from "./view";
import { saidWords, triedWords } from "./words";

/** Milliseconds: how long typing may pause until the server is asked. */
const STOPPED = 250;
/** How far back it is tried. */
const DAYS = 30;

/** What the form needs of the panel it stands in. */
export interface Home {
  readonly ask: Ask;
  readonly trans: Words;
  readonly around: Around;
  readonly look: () => View;
  readonly change: (made: Partial<View>) => void;
  readonly reload: () => Promise<void>;
}

export class Writing {
  private checking: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly home: Home) {}

  /** Begin a new one, of a flow where one is meant. */
  async begin(flow: string | null = this.home.look().flow): Promise<void> {
    await Promise.all([this.prepare(), this.home.reload()]);
    const about = flow === null ? "*" : patternOf(flow);
    this.edit(null, newDraft(about, freeName(flow ?? "", "failed", namesOf(this.home.look()))));
  }

  async open(name: string): Promise<void> {
    await this.prepare();
    const found = this.home.look().rules.find((one) => one.name === name);
    if (found !== undefined) this.edit(name, draftOf(found));
  }

  write(change: Partial<Draft>): void {
    const { editing } = this.home.look();
    if (editing === null) return;
    const draft = { ...editing.draft, ...change };
    const name = draft.named
      ? draft.name
      : freeName(draft.flow === "*" ? "" : draft.flow, draft.on, namesOf(this.home.look()));
    this.edit(editing.of, { ...draft, name }, editing.checked);
  }

  close(): void {
    clearTimeout(this.checking);
    this.home.change({ editing: null });
  }

  async save(): Promise<void> {
    const { editing } = this.home.look();
    if (editing === null || editing.saving) return;
    const { body, errors } = bodyOf(editing.draft, editing.taken, this.home.trans);
    if (Object.keys(errors).length > 0) return;
    clearTimeout(this.checking);
    this.home.change({ editing: { ...editing, saving: true, refused: null } });
    const { enabled: enable } = editing.draft;
    try {
      await this.post("rules", { ...body, enable });
      this.home.change({ editing: null, said: this.home.trans.__("%1 was saved", body.name) });
      await this.home.reload();
      if (enable) this.home.around.awake();
    } catch (thrown) {
      this.home.change({ editing: { ...editing, saving: false, refused: troubleOf(thrown) } });
    }
  }

  /** What the draft would have told, had it been on; or send a word by it. */
  async askOfDraft(what: "try" | "say"): Promise<void> {
    const { editing } = this.home.look();
    if (editing === null || editing.asking !== null) return;
    const { body } = bodyOf(editing.draft, editing.taken, this.home.trans);
    const asking: Editing = { ...editing, asking: what };
    this.home.change({ editing: asking });
    const answered = (found: Partial<Editing>, said: string) => {
      const { editing: now } = this.home.look();
      // What was written meanwhile is another rule: the answer is not about it.
      if (now?.draft === editing.draft)
        this.home.change({ editing: { ...now, ...found, asking: null }, said });
    };
    try {
      if (what === "say") {
        const said = await this.sayBy(body);
        answered({ said }, saidWords(this.home.trans, said));
      } else {
        const tried = (await this.post("try", { ...body, days: DAYS })) as Tried;
        answered({ tried }, triedWords(this.home.trans, tried.fired, tried.days));
      }
    } catch (thrown) {
      answered({ refused: troubleOf(thrown) }, "");
    }
  }

  private edit(of: string | null, draft: Draft, checked: Checked | null = null): void {
    const taken = of === null ? namesOf(this.home.look()) : [];
    const editing: Editing = {
      ...{ of, draft, taken, checked, current: false, saving: false, refused: null },
      ...{ tried: null, said: null, asking: null },
    };
    this.home.change({ editing });
    clearTimeout(this.checking);
    this.checking = setTimeout(() => void this.check(draft), STOPPED);
  }

  private async check(draft: Draft): Promise<void> {
    const { body, errors } = bodyOf(draft, [], this.home.trans);
    if (Object.keys(errors).length > 0) return;
    const answered = (found: Partial<Editing>) => {
      const { editing } = this.home.look();
      if (editing?.draft === draft) this.home.change({ editing: { ...editing, ...found } });
    };
    try {
      const checked = (await this.post("check", body)) as Checked;
      answered({ checked, current: true });
    } catch (thrown) {
      answered({ refused: troubleOf(thrown) });
    }
  }

  /** What a form offers to choose from; it can be filled in without. */
  private async prepare(): Promise<void> {
    const [flows, choices] = await Promise.allSettled([
      this.home.ask("GET", "flows"),
      this.home.ask("GET", "notifications/choices"),
    ]);
    this.home.change({
      ...(flows.status === "fulfilled" ? (flows.value as Pick<View, "flows">) : {}),
      ...(choices.status === "fulfilled" ? { choices: choices.value as Choices } : {}),
    });
  }

  /** Send a word by a rule, kept or not; what JupyterLab is told is said here. */
  async sayBy(asked: object): Promise<Said> {
    const { sent } = (await this.post("say", asked)) as { readonly sent: Said };
    if (sent.lab !== undefined)
      this.home.around.note(this.home.trans.__("A word from a rule: this is how it tells you"));
    return sent;
  }

  private post(where: string, body: object): Promise<unknown> {
    return this.home.ask("POST", `notifications/${where}`, body);
  }
}
