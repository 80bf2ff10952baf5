/** Notices of rules in JupyterLab's corner and behind its bell: what is wired to what. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { Notification } from "@jupyterlab/apputils";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import { Token } from "@lumino/coreutils";
import { type Ask, asking } from "../run/api";
import { lineOfNews } from "../runs/api";
import { type Delivery, notesOf } from "./delivery";
import { Notices, type NoticesApi, type Seen } from "./notices";

const SEEN = "flowbook:notices";
/** Milliseconds until it is asked again whether a rule tells JupyterLab, while it is looked at. */
const LOOKED = 60_000;
/** Milliseconds a note stays that nobody has to do something about; the bell keeps it. */
const STAYS = 10_000;

/** Whoever makes or enables a rule says so: from then on it is listened to what is told here. */
export interface INoticeWatch {
  look(): void;
}

export const INoticeWatch = new Token<INoticeWatch>(
  "flowbook:INoticeWatch",
  "Looks whether a rule tells JupyterLab, and listens once one does.",
);

export const noticesPlugin: JupyterFrontEndPlugin<INoticeWatch> = {
  id: "flowbook:notices",
  description: "Shows what rules of notification tell whoever has JupyterLab open.",
  autoStart: true,
  optional: [ITranslator],
  provides: INoticeWatch,
  activate: (app: JupyterFrontEnd, translator: ITranslator | null) => {
    const trans = (translator ?? nullTranslator).load("flowbook");
    const { serverSettings } = app.serviceManager;
    const openRun = (run: string) => void app.commands.execute("flowbook:open-run", { run });
    const show = (told: readonly Delivery[]) => {
      for (const { text, level, run } of notesOf(told, trans)) {
        const open = { label: trans.__("Open Run"), callback: () => run && openRun(run) };
        Notification.emit(text, level, {
          autoClose: level === "error" || level === "warning" ? false : STAYS,
          actions: run === null ? [] : [open],
        });
      }
    };
    const line = (since: number | null) => lineOfNews(serverSettings, since);
    const notices = new Notices(
      apiOf(asking(serverSettings)),
      seenIn(serverSettings.baseUrl),
      line,
      show,
    );
    const look = () => {
      if (document.visibilityState === "visible") void notices.look();
    };
    void app.restored.then(look);
    setInterval(look, LOOKED);
    document.addEventListener("visibilitychange", look);
    window.addEventListener("online", () => notices.retry());
    return { look: () => void notices.look() };
  },
};

interface Rule {
  readonly to?: ReadonlyArray<{ readonly channel: string }>;
  readonly enabled_at?: number;
}

function apiOf(ask: Ask): NoticesApi {
  return {
    anyRule: async () => {
      const { rules } = (await ask("GET", "notifications/rules")) as { rules: readonly Rule[] };
      return rules.some(
        ({ to = [], enabled_at }) =>
          enabled_at !== undefined && to.some(({ channel }) => channel === "lab"),
      );
    },
    told: async (since, limit) => {
      const query = new URLSearchParams({ channel: "lab", limit: String(limit) });
      if (since !== null) query.set("since", since);
      const said = await ask("GET", `notifications/deliveries?${query}`);
      return (said as { deliveries: readonly Delivery[] }).deliveries;
    },
  };
}

/** Kept in the browser, which may refuse to: every window of one server shows the same notices. */
function seenIn(server: string): Seen {
  const key = `${SEEN} ${server}`;
  return {
    read: () => {
      try {
        return localStorage.getItem(key);
      } catch {
        return null;
      }
    },
    keep: (writtenAt) => {
      try {
        localStorage.setItem(key, writtenAt);
      } catch {
        // The next page begins with what is told from then on.
      }
    },
  };
}
