/** The sign beside a state, as a path on a 16-unit grid: the same signs as `--fb-mark` of theme.css. */
import type { Standing } from "../model/selectors";

export const RING = "M2.2 8a5.8 5.8 0 1 0 11.6 0a5.8 5.8 0 1 0-11.6 0";
const CLOCK = `${RING}M8 4.6V8l2.2 1.6`;
const PAUSE = "M5.5 3.5v9M10.5 3.5v9";
const TURNING = "M8 2a6 6 0 1 1-5.6 3.8";
const CHECK = "m3 8.5 3.4 3.4L13 4.8";
const OUT = `${RING}M4 12l8-8`;
const BARRED = `${RING}M5.4 8h5.2`;

export const MARKS: Readonly<Record<Standing, string>> = {
  idle: RING,
  waiting: CLOCK,
  ready: CLOCK,
  standby: "M3 8h1M7.5 8h1M12 8h1",
  running: TURNING,
  cancelling: TURNING,
  backoff: "M13.5 8A5.5 5.5 0 1 1 11.6 3.8L13.5 5.5M13.5 2v3.5H10",
  held: PAUSE,
  suspended: PAUSE,
  succeeded: CHECK,
  reused: CHECK,
  failed: "m4 4 8 8M12 4l-8 8",
  "not-taken": OUT,
  "not-needed": OUT,
  "not-asked": OUT,
  blocked: BARRED,
  cancelled: BARRED,
};
