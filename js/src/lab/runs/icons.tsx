/** The signs of the panel; each stands beside its word, or has a name. */
import type { ReactNode } from "react";

const PATHS = {
  queued: "M8 4.6V8l2.2 1.6M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0Z",
  running: "M8 2a6 6 0 1 1-5.6 3.8",
  suspended: "M5.5 3.5v9M10.5 3.5v9",
  succeeded: "m3 8.5 3.4 3.4L13 4.8",
  failed: "m4 4 8 8M12 4l-8 8",
  cancelled: "M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0ZM5.4 8h5.2",
  view: "M6 3H3v10h10v-3M9 3h4v4M13 3 7.5 8.5",
  rerun: "M13.5 8A5.5 5.5 0 1 1 11.6 3.8L13.5 5.5M13.5 2v3.5H10",
  replay: "M2.5 8a5.5 5.5 0 1 0 1.9-4.2L2.5 5.5M2.5 2v3.5H6M7 6v4l3-2Z",
  cancel: "M4 4h8v8H4Z",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  resume: "M5 3.2v9.6L12.6 8Z",
  pin: "M6 2h4l-.6 4.6L12 9H4l2.6-2.4ZM8 9v5",
  unpin: "M6 2h4l-.6 4.6L12 9H4l2.6-2.4ZM8 9v5M2.5 2.5l11 11",
  delete: "M3 4.5h10M6.5 4V2.5h3V4M4.5 4.5l.6 9h5.8l.6-9M7 7v4M9 7v4",
  compare: "M5 2v12M11 2v12M2 5l3-3 3 3M8 11l3 3 3-3",
  "copy-id": "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8Z",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  down: "m4 6 4 4 4-4",
  up: "m4 10 4-4 4 4",
  close: "m4 4 8 8M12 4l-8 8",
  filter: "M2 3h12L9.5 8.5V13l-3-1.5v-3Z",
  add: "M8 3v10M3 8h10",
  params: "M2.5 5h4M11 5h2.5M8.75 3v4M2.5 11H5M9.5 11h4M7.25 9v4",
  edit: "m3 13 .6-3L10.5 3l2.5 2.5L6 12.4Z",
  send: "M14 2.5 2 7.2l4.4 2L14 2.5ZM14 2.5 9.5 14l-3.1-4.8",
  bell: "M4 11V7a4 4 0 0 1 8 0v4l1 1.5H3ZM6.8 14.5h2.4",
  warn: "M8 2 14.5 13.5h-13ZM8 6.5v3M8 11.6h.01",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }): ReactNode {
  return (
    <svg className="fb-runs-icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
