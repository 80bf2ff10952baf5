/** What rules watch and whom they tell, for people. */
import type { Words } from "../runs/words";
import { took } from "../runs/words";
import { LIMITS, type LimitUnit } from "./draft";
import type { Delivery, Event, Rule, Target, When } from "./rule";

export function eventWord(trans: Words, on: Event): string {
  switch (on) {
    case "failed":
      return trans.__("A run fails");
    case "timed_out":
      return trans.__("A run is out of time");
    case "slow":
      return trans.__("A run is slow");
    case "resources":
      return trans.__("A run takes much CPU time or memory");
    case "missed":
      return trans.__("A schedule is missed");
    case "recovered":
      return trans.__("A run succeeds again");
  }
}

export function eventHelp(trans: Words, on: Event): string {
  switch (on) {
    case "failed":
      return trans.__("or is lost with its process");
    case "timed_out":
      return trans.__("its own time, or that of one of its nodes; or it had its time again");
    case "slow":
      return trans.__("it succeeded, and took longer than most before it");
    case "resources":
      return trans.__("known of flows with measure=True");
    case "missed":
      return trans.__("its time has come, and nothing ran");
    case "recovered":
      return trans.__("and the one before it had failed");
  }
}

/** What a rule watches, with its numbers. */
export function whenWords(trans: Words, when: When): string {
  const bar = trans.__("above %1 % of the last %2", when.percentile ?? 95, when.over ?? 50);
  if (when.on === "slow") return trans.__("A run is slow: %1", bar);
  if (when.on !== "resources") return eventWord(trans, when.on);
  const over = when.limit == null ? bar : trans.__("above %1", amount(when.what, when.limit));
  const what = when.what === "cpu" ? trans.__("CPU time") : trans.__("memory");
  return when.node
    ? trans.__("The node %1 takes much %2: %3", when.node, what, over)
    : trans.__("A run takes much %1: %2", what, over);
}

function amount(what: When["what"], limit: number): string {
  if (what === "cpu") return took(limit * 1000);
  const [unit, size] = limit >= 1e9 ? ["GB", 1e9] : ["MB", 1e6];
  return `${Number((limit / (size as number)).toPrecision(4))} ${unit}`;
}

export function flowWords(trans: Words, flow = "*"): string {
  return flow === "*" ? trans.__("every flow") : flow;
}

export function channelWord(trans: Words, channel: string): string {
  switch (channel) {
    case "lab":
      return trans.__("JupyterLab");
    case "webhook":
      return trans.__("Webhook");
    case "slack":
      return trans.__("Slack");
    case "discord":
      return trans.__("Discord");
    case "email":
      return trans.__("E-mail");
    default:
      return channel;
  }
}

export function targetWords(trans: Words, { channel, secret, to = [] }: Target): string {
  const more = [to.join(", "), secret].filter(Boolean).join("; ");
  const word = channelWord(trans, channel);
  return more === "" ? word : `${word} (${more})`;
}

/** How seldom it tells; empty where it tells of each. */
export function seldomWords(trans: Words, { quiet = 0, first_only = false }: Rule): string {
  const found = [];
  if (first_only) found.push(trans.__("Only the first of a series"));
  if (quiet > 0) found.push(trans.__("At most once per flow in %1", took(quiet * 1000)));
  return found.join(" · ");
}

export function unitOf(trans: Words, unit: LimitUnit): string {
  switch (unit) {
    case "seconds":
      return trans.__("seconds");
    case "minutes":
      return trans.__("minutes");
    case "hours":
      return trans.__("hours");
    default:
      return unit;
  }
}

export function limitUnits(what: keyof typeof LIMITS): readonly LimitUnit[] {
  return Object.keys(LIMITS[what]) as LimitUnit[];
}

export function triedWords(trans: Words, fired: number, days: number): string {
  if (fired === 0) return trans.__("It would have told nothing in the last %1 days.", days);
  return fired === 1
    ? trans.__("It would have told once in the last %1 days.", days)
    : trans.__("It would have told %1 times in the last %2 days.", fired, days);
}

export function deliveryWord(trans: Words, { status }: Delivery): string {
  switch (status) {
    case "sent":
      return trans.__("Sent");
    case "waiting":
      return trans.__("Waits");
    case "failed":
      return trans.__("Failed");
  }
}

/** What became of a delivery that was sent again. */
export function againWords(trans: Words, delivery: Delivery): string {
  const word = channelWord(trans, delivery.channel);
  return delivery.status === "sent"
    ? trans.__("%1: sent again", word)
    : trans.__("%1: %2", word, delivery.last_error ?? deliveryWord(trans, delivery));
}

/** `Slack: sent`, or what is in the way. */
export function saidWords(trans: Words, said: Readonly<Record<string, string>>): string {
  return Object.entries(said)
    .map(([channel, how]) => {
      const word = channelWord(trans, channel);
      return how === "sent" ? trans.__("%1: sent", word) : `${word}: ${how}`;
    })
    .join(" · ");
}
