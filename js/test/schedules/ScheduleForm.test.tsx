import { renderToString } from "preact-render-to-string";
import { describe, expect, test } from "vitest";
import { type Draft, newDraft } from "../../src/lab/schedules/draft";
import type { Editing } from "../../src/lab/schedules/editing";
import { ScheduleForm } from "../../src/lab/schedules/ScheduleForm";
import type { Checked } from "../../src/lab/schedules/schedule";
import { TRANS } from "../runs/fake";

const FIRE = { at: "2026-07-01T10:00:00Z", local: "2026-07-01T12:00:00+02:00", note: "" };
const READ: Checked = {
  ...{ valid: true, words: "At 12:00", warnings: ["It is hot then."], next: [FIRE] },
  refused: null,
};
const FLOWS = ["daily", "load"].map((flow) => ({ flow, notebook: null }));
const ZONES = { timezones: ["Asia/Kolkata", "UTC"], common: ["UTC"], local: null };

function form(change: Partial<Draft> = {}, about: Partial<Editing> = {}): string {
  const draft = { ...newDraft("daily", "UTC"), ...change };
  const editing: Editing = {
    ...{ of: null, draft, checked: READ, current: true, saving: false, refused: null },
    ...about,
  };
  const act = () => {};
  return renderToString(
    <ScheduleForm
      {...{ editing, flows: FLOWS, zones: ZONES, trans: TRANS }}
      {...{ onWrite: act, onSave: act, onCancel: act }}
    />,
  );
}

/** The input that a label is for, and the note that describes it. */
function field(html: string, label: string): { input: string; note: string } {
  const id = new RegExp(`<label for="([^"]+)">${label}</label>`).exec(html)?.[1] ?? "";
  const input = html
    .match(/<(input|select|textarea)[^>]*>/g)
    ?.find((one) => one.includes(`"${id}"`));
  const note = new RegExp(`<small[^>]* ?id="${id}-note"[^>]*>[^<]*`).exec(html)?.[0];
  return { input: input ?? "", note: note ?? "" };
}

describe("the form of a schedule", () => {
  test.each([
    "Flow",
    "Name",
    "Cron expression",
    "Time zone",
    "When the run before still goes on",
    "When moments were missed",
    "Grace, in seconds",
    "Jitter, in seconds",
    "Not before",
    "Until",
    "After runs of",
    "Parameters, as JSON",
  ])("has a field %s that its label names and its note describes", (label) => {
    const { input, note } = field(form(), label);
    expect(input).toContain('aria-invalid="false"');
    expect(input).toMatch(/aria-describedby="[^"]+-note"/);
    expect(note).not.toContain("alert");
  });

  test.each([
    ["Flow", "flow"],
    ["Cron expression", "cron"],
    ["Time zone", "timezone"],
    ["When the run before still goes on", "overlap"],
    ["How many at once", "parallel"],
    ["When moments were missed", "catch_up"],
    ["How many at most", "catch_up_most"],
    ["Grace, in seconds", "grace"],
    ["Jitter, in seconds", "jitter"],
    ["Not before", "start"],
    ["Until", "end"],
    ["After runs of", "after"],
    ["Parameters, as JSON", "input_data"],
  ])("says at %s what the server refuses of %s", (label, name) => {
    const refused = { message: "It is odd.", hint: null, field: name };
    const about = { checked: { ...READ, valid: false, refused } };
    const { input, note } = field(form({ overlap: "parallel", catchUp: "all" }, about), label);
    expect(input).toContain('aria-invalid="true"');
    expect(note).toContain('role="alert"');
    expect(note).toContain("It is odd.");
  });

  test("asks of each way to come only what that way needs", () => {
    const shown = (html: string) =>
      ["Cron expression", "Every", "At"].filter((label) => field(html, label).input !== "");
    expect(shown(form())).toEqual(["Cron expression"]);
    expect(shown(form({ when: "every" }))).toEqual(["Every"]);
    expect(shown(form({ when: "at" }))).toEqual(["At"]);
  });

  test("reads back in words what it means, unless it cannot be sent", () => {
    const html = form();
    expect(html).toContain('<p role="status">At 12:00</p>');
    expect(html).toContain("It is hot then.");
    expect(html).toContain("UTC+02:00");
    expect(form({ name: "" })).not.toContain("What this means");
  });

  test("lets it come after any flow but its own, and keeps one that is not there any more", () => {
    const after = form().split("After runs of")[1] ?? "";
    expect(after).toContain("load</option>");
    expect(after).not.toContain("daily</option>");
    expect(form({ flow: "gone" })).toContain("gone</option>");
  });

  test("cannot be saved before the server would take it", () => {
    expect(form()).not.toMatch(/data-action="save"[^>]*disabled/);
    expect(form({}, { current: false })).toMatch(/data-action="save"[^>]*disabled/);
  });

  test("says what refused it that is of no one field, with what to do", () => {
    const html = form({}, { refused: { message: "It is taken.", hint: "Rename it." } });
    expect(html).toMatch(/<p[^>]*role="alert"[^>]*>It is taken. Rename it.<\/p>/);
  });
});
