/** Events in words: what a row of the list says. */
import { bytes, duration } from "../../model/selectors";
import type { Event, ValueRef } from "../../protocol/generated";
import { nodeOf, scopeOf } from "./stops";

/** What an event is a matter of; the list is filtered by it. */
export type Family = "run" | "begin" | "done" | "failed" | "wait" | "turn" | "other";

export const FAMILIES: Readonly<Record<Family, string>> = {
  run: "The run",
  begin: "Began",
  done: "Done",
  failed: "Failed",
  wait: "Waits and retries",
  turn: "Turns",
  other: "Scheduling, streams, checkpoints",
};

const OF: Readonly<Record<Event["kind"], Family>> = {
  RUN_CREATED: "run",
  RUN_COMPLETED: "run",
  RUN_ENDING: "run",
  RUN_PAUSED: "run",
  RUN_RESUMED: "run",
  RUN_RECOVERED: "run",
  RUN_RETRIED: "run",
  CANCEL_REQUESTED: "run",
  NODE_STARTED: "begin",
  NODE_COMPLETED: "done",
  NODE_REUSED: "done",
  NODE_SKIPPED: "done",
  NODE_CANCELLED: "done",
  NODE_FAILED: "failed",
  NODE_RETRY_SCHEDULED: "wait",
  NODE_SUSPENDED: "wait",
  NODE_RESUMED: "wait",
  NODE_UNFOLDED: "turn",
  SCOPE_OPENED: "turn",
  SCOPE_LEFT: "turn",
  SCOPE_CLOSED: "turn",
  SCOPE_REUSED: "turn",
  ITEMS_ADDED: "turn",
  NODE_SCHEDULED: "other",
  NODE_LOGGED: "other",
  NODE_STREAMED: "other",
  NODE_USED: "other",
  CHECKPOINT_REACHED: "other",
};

export function familyOf(event: Event): Family {
  return OF[event.kind] ?? "other";
}

/** How an event is drawn: as the state it brings a node or the run to. */
export function toneOf(event: Event): string {
  switch (event.kind) {
    case "NODE_COMPLETED":
      return "succeeded";
    case "NODE_REUSED":
    case "SCOPE_REUSED":
      return "reused";
    case "NODE_FAILED":
      return "failed";
    case "NODE_STARTED":
    case "RUN_CREATED":
    case "RUN_RECOVERED":
    case "RUN_RESUMED":
      return "running";
    case "NODE_RETRY_SCHEDULED":
    case "RUN_RETRIED":
      return "backoff";
    case "NODE_SUSPENDED":
    case "RUN_PAUSED":
      return "suspended";
    case "NODE_SKIPPED":
      return event.reason === "upstream_failed" ? "blocked" : "not-taken";
    case "NODE_CANCELLED":
    case "CANCEL_REQUESTED":
      return "cancelled";
    case "RUN_COMPLETED":
    case "SCOPE_CLOSED":
      return event.status;
    default:
      return "waiting";
  }
}

/** `clean`, or in a turn `each[3].clean`; empty for the run. */
export function placeName(event: Event): string {
  if (familyOf(event) === "run") return "";
  const [node, scope] = [nodeOf(event), scopeOf(event)];
  return scope === "" ? node : `${scope}.${node}`;
}

/** What happened, in a few words without the node's name. */
export function told(event: Event): string {
  switch (event.kind) {
    case "RUN_CREATED":
      return event.origin ? "replay began" : "run began";
    case "RUN_COMPLETED":
      return `run ${event.status}${event.node ? ` at ${event.node}` : ""}, ${duration(event.ms)}`;
    case "RUN_ENDING":
      return `work ${event.status}, finishing`;
    case "RUN_PAUSED":
      return "paused";
    case "RUN_RESUMED":
      return "resumed";
    case "RUN_RECOVERED":
      return "taken up by another process";
    case "RUN_RETRIED":
      return `attempt ${event.attempt} of the run: ${event.error.message}`;
    case "CANCEL_REQUESTED":
      return event.reason ? `cancel requested: ${event.reason}` : "cancel requested";
    case "CHECKPOINT_REACHED":
      return `checkpoint${event.why ? ` (${event.why})` : ""}`;
    default:
      return ofNode(event);
  }
}

type OfNode = Exclude<
  Event,
  | { kind: "RUN_CREATED" }
  | { kind: "RUN_COMPLETED" }
  | { kind: "RUN_ENDING" }
  | { kind: "RUN_PAUSED" }
  | { kind: "RUN_RESUMED" }
  | { kind: "RUN_RECOVERED" }
  | { kind: "RUN_RETRIED" }
  | { kind: "CANCEL_REQUESTED" }
  | { kind: "CHECKPOINT_REACHED" }
>;

function ofNode(event: OfNode): string {
  switch (event.kind) {
    case "NODE_SCHEDULED":
      return "ready";
    case "NODE_STARTED":
      return event.attempt > 1 ? `began, attempt ${event.attempt}` : "began";
    case "NODE_COMPLETED":
      return [`done, ${duration(event.ms)}`, rows(event.outputs ?? {})].filter(Boolean).join(", ");
    case "NODE_REUSED":
      return event.by_hand ? "given by hand" : "reused";
    case "NODE_FAILED":
      return `failed: ${event.error.type}: ${event.error.message}`;
    case "NODE_RETRY_SCHEDULED":
      return `attempt ${event.attempt} failed, again in ${duration(event.delay * 1000)}: ${event.error.message}`;
    case "NODE_SKIPPED":
      return SKIPPED[event.reason] ?? "skipped";
    case "NODE_CANCELLED":
      return "cancelled";
    case "NODE_SUSPENDED":
      return event.signal ? `waits for ${event.signal}` : `waits (${event.reason})`;
    case "NODE_RESUMED":
      return event.by === "timeout" ? "waited too long" : "what it waited for came";
    case "NODE_UNFOLDED":
      return event.total == null ? "unfolded" : `unfolded into ${turns(event.total)}`;
    case "NODE_LOGGED":
      return `${event.stream}: ${event.text.trim()}`;
    case "NODE_STREAMED":
      return `streamed ${event.channel}${event.name ? ` ${event.name}` : ""}`;
    case "NODE_USED":
      return usedLabel(event);
    default:
      return ofTurn(event);
  }
}

type OfTurn = Extract<
  Event,
  { kind: "SCOPE_OPENED" | "SCOPE_LEFT" | "SCOPE_CLOSED" | "SCOPE_REUSED" | "ITEMS_ADDED" }
>;

function ofTurn(event: OfTurn): string {
  if (event.kind === "ITEMS_ADDED") return `${turns(event.count)} more`;
  const name = [event.block ?? "", event.index == null ? "" : `turn ${event.index}`]
    .filter(Boolean)
    .join(" ");
  switch (event.kind) {
    case "SCOPE_OPENED":
      return `${name || "turn"} began`;
    case "SCOPE_LEFT":
      return `${name || "turn"} left${event.why ? ` (${event.why})` : ""}`;
    case "SCOPE_REUSED":
      return `${name || "turn"} reused`;
    case "SCOPE_CLOSED":
      return `${name || "turn"} ${event.status}${event.ms ? `, ${duration(event.ms)}` : ""}`;
  }
}

const SKIPPED: Readonly<Record<string, string>> = {
  branch_not_taken: "branch not taken",
  upstream_failed: "not run: a node before it failed",
  upstream_cancelled: "not run: a node before it was cancelled",
  turn_left: "not run: the turn was left",
  not_needed: "not needed",
  not_asked: "not asked for",
};

function turns(count: number): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? "turn" : "turns"}`;
}

function rows(outputs: Readonly<Record<string, ValueRef>>): string {
  const [only, ...more] = Object.values(outputs);
  if (only?.rows == null || more.length > 0) return "";
  return `${only.rows.toLocaleString("en-US")} ${only.rows === 1 ? "row" : "rows"}`;
}

function usedLabel({ cpu_ms, memory }: Extract<Event, { kind: "NODE_USED" }>): string {
  const cpu = cpu_ms == null ? "" : `${duration(cpu_ms)} CPU`;
  const room = memory == null ? "" : `${bytes(memory)} memory`;
  return [cpu, room].filter(Boolean).join(", ") || "use measured";
}

/** `10:00:02.345` where somebody is. */
export function clock(at: number): string {
  const date = new Date(at * 1000);
  const two = (one: number, width = 2) => String(one).padStart(width, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${two(date.getMilliseconds(), 3)}`;
}
