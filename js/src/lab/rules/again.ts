/** Sending again what had failed for good: what is asked for right now, and what was refused. */
import type { Ask } from "../run/api";
import type { Words } from "../runs/words";
import type { Delivery } from "./rule";
import { troubleOf, type View } from "./view";
import { againWords } from "./words";

/** Milliseconds between two looks at what becomes of it, and how many of them. */
const LOOKING = 500;
const LOOKS = 30;

/** What it needs of the panel it stands in. */
export interface Home {
  readonly ask: Ask;
  readonly trans: Words;
  readonly look: () => View;
  readonly change: (made: Partial<View>) => void;
  /** Read whom a rule told. */
  readonly readTold: (rule: string) => Promise<void>;
}

export class Again {
  constructor(private readonly home: Home) {}

  /** Have a delivery of a rule sent again, and see what becomes of it; nothing while that goes on. */
  async send(rule: string, delivery: Delivery): Promise<void> {
    const { id } = delivery;
    const { look, change, trans } = this.home;
    if (look().again.has(id)) return;
    this.refuse(id, undefined);
    change({ again: new Set([...look().again, id]), said: trans.__("Sending again…") });
    try {
      await this.home.ask("POST", "notifications/retry", { id });
      const became = await this.seen(rule, delivery);
      if (became !== undefined) change({ said: againWords(trans, became) });
    } catch (thrown) {
      this.refuse(id, thrown);
      await this.home.readTold(rule); // it may have been sent by somebody else meanwhile
    } finally {
      change({ again: new Set([...look().again].filter((one) => one !== id)) });
    }
  }

  /** How it stands once it was tried; what takes longer is seen by who looks at the list. */
  private async seen(rule: string, before: Delivery): Promise<Delivery | undefined> {
    for (let look = 0; look < LOOKS; look += 1) {
      await this.home.readTold(rule);
      const now = this.home.look().deliveries.get(rule);
      const found = now?.find(({ id }) => id === before.id);
      if (found === undefined || found.attempts > before.attempts) return found;
      await new Promise((passed) => setTimeout(passed, LOOKING));
    }
    return undefined;
  }

  private refuse(id: string, thrown: unknown): void {
    const refusals = new Map(this.home.look().refusals);
    if (thrown === undefined) refusals.delete(id);
    else refusals.set(id, troubleOf(thrown));
    this.home.change({ refusals });
  }
}
