/** How a run stands, in a word. */
export const STATUS: Readonly<Record<string, string>> = {
  queued: "Queued",
  running: "Running",
  suspended: "Waiting",
  succeeded: "Succeeded",
  failed: "Failed",
  cancelled: "Cancelled",
};
