/** How a run stands, as a sign in the tab. */
import { LabIcon } from "@jupyterlab/ui-components";

const RING = "M2.2 8a5.8 5.8 0 1 0 11.6 0a5.8 5.8 0 1 0-11.6 0";
const SIGNS: Readonly<Record<string, readonly [path: string, tone: string]>> = {
  queued: [`${RING}M8 4.6V8l2.2 1.6`, "info"],
  running: ["M8 2a6 6 0 1 1-5.6 3.8", "brand"],
  suspended: ["M5.5 3.5v9M10.5 3.5v9", "info"],
  succeeded: ["m3 8.5 3.4 3.4L13 4.8", "success"],
  failed: ["m4 4 8 8M12 4l-8 8", "error"],
  cancelled: [`${RING}M5.4 8h5.2`, "warn"],
};
const OTHER = [RING, "layout"] as const;

const made = new Map<string, LabIcon>();

/** The sign of a status; of none for an empty one. */
export function iconOf(status: string): LabIcon {
  let icon = made.get(status);
  if (icon === undefined) {
    const [path, tone] = SIGNS[status] ?? OTHER;
    const colour = tone === "layout" ? "--jp-ui-font-color2" : `--jp-${tone}-color1`;
    const svgstr = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16" fill="none" stroke="var(${colour})" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"><path d="${path}"/></svg>`;
    icon = new LabIcon({ name: `flowbook:run-${status || "any"}`, svgstr });
    made.set(status, icon);
  }
  return icon;
}
