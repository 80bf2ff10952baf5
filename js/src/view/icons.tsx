import type { ReactNode } from "react";

/** Line icons on a 16-unit grid, drawn in the colour of the text around them. */
const PATHS: Readonly<Record<string, ReactNode>> = {
  python: <path d="M5.5 4.5 2 8l3.5 3.5M10.5 4.5 14 8l-3.5 3.5" />,
  sql: (
    <>
      <ellipse cx="8" cy="3.8" rx="5" ry="1.9" />
      <path d="M3 3.8v8.4c0 1 2.2 1.9 5 1.9s5-.9 5-1.9V3.8M3 8c0 1 2.2 1.9 5 1.9S13 9 13 8" />
    </>
  ),
  http: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="M2 8h12M8 2c2 1.7 2.8 3.8 2.8 6S10 12.3 8 14c-2-1.7-2.8-3.8-2.8-6S6 3.7 8 2Z" />
    </>
  ),
  router: <path d="M2 8h4l3-4h5M6 8l3 4h5M12 2l2 2-2 2M12 10l2 2-2 2" />,
  merge: <path d="M2 4h3l4 4h5M2 12h3l4-4M12 6l2 2-2 2" />,
  map: (
    <>
      <path d="M2.5 4h3M2.5 8h3M2.5 12h3" />
      <path d="M8 4h5.5M8 8h5.5M8 12h5.5M11.5 2l2 2-2 2M11.5 10l2 2-2 2" />
    </>
  ),
  foreach: <path d="M3 3.5h6M3 8h4M3 12.5h6M12.5 3v10M10.3 10.8l2.2 2.2 2.2-2.2" />,
  repeat: <path d="M3 7V6a2 2 0 0 1 2-2h8M13 9v1a2 2 0 0 1-2 2H3M11 2l2 2-2 2M5 10l-2 2 2 2" />,
  while: <path d="M13.2 8A5.2 5.2 0 1 1 11.5 4.2L13.2 6M13.2 2.6V6H9.8" />,
  try: (
    <path d="M8 1.8 13 3.6v4c0 3.1-2 5.4-5 6.6-3-1.2-5-3.5-5-6.6v-4L8 1.8ZM5.8 8l1.6 1.6L10.4 6.5" />
  ),
  group: (
    <path d="M6 2.5H3.5a1 1 0 0 0-1 1v9a1 1 0 0 0 1 1H6M10 2.5h2.5a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H10M6.5 8h3" />
  ),
  call: <path d="M2.5 3v4a2 2 0 0 0 2 2H13M10 6l3 3-3 3" />,
  each_of: <path d="M2 4h3l4 4h5M2 12h3l4-4M2 8h7M12 6l2 2-2 2" />,
  break: <path d="M9.5 2.5h-6v11h6M7 8h7M11.5 5.5 14 8l-2.5 2.5" />,
  continue: <path d="M3 3.5v9L9 8 3 3.5ZM12.5 3.5v9" />,
  delay: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="M8 4.5V8l2.4 1.6" />
    </>
  ),
  wait_signal: (
    <path d="M8 2v1M4 11.5V7.2a4 4 0 0 1 8 0v4.3l1 1H3l1-1ZM6.8 12.8a1.3 1.3 0 0 0 2.4 0" />
  ),
  approval: (
    <>
      <circle cx="6.5" cy="5" r="2.6" />
      <path d="M2 13.5c0-2.6 2-4.3 4.5-4.3M9 11.6l1.9 1.9 3.4-3.9" />
    </>
  ),
  shell: <path d="M2.5 3h11v10h-11zM5 6l2 2-2 2M8.5 10.3H11" />,
  notify: <path d="M14 2.5 2 7.2l4.4 2L14 2.5ZM14 2.5 9.5 14l-3.1-4.8" />,
  if: <path d="M2 8h2.5M8 3.5 12 8l-4 4.5L4.5 8 8 3.5ZM12 8h2" />,
  filter: <path d="M2.5 3h11L9.4 8.2v4.6L6.6 14V8.2L2.5 3Z" />,
  sort: <path d="M4.5 3v10M2.3 10.8 4.5 13l2.2-2.2M9 4h5M9 8h3.5M9 12h2" />,
  columns: <path d="M2.5 3h11v10h-11zM2.5 6.3h11M6.2 6.3V13M9.9 6.3V13" />,
  sum: <path d="M12 4.5V3H4l4.2 5L4 13h8v-1.5" />,
  pivot: <path d="M2.5 2.5h11v11h-11zM2.5 6h11M6 2.5v11M8.3 11h2.9V8.1" />,
  split: <path d="M2 8h4M6 8c3 0 2-4.5 5-4.5h3M6 8c3 0 2 4.5 5 4.5h3M6 8h8" />,
  calendar: <path d="M2.5 4h11v9.5h-11zM2.5 7h11M5.5 2.3v3M10.5 2.3v3M5.3 10h2" />,
  file: <path d="M4 2h5l3.5 3.5V14H4zM9 2v3.5h3.5M6 8.5h4.5M6 11h4.5" />,
  variable: (
    <path d="M5 3C3.4 3 4.4 7.5 2.5 8c1.9.5.9 5 2.5 5M11 3c1.6 0 .6 4.5 2.5 5-1.9.5-.9 5-2.5 5M6.5 6.5l3 3M9.5 6.5l-3 3" />
  ),
  machine: (
    <>
      <circle cx="4" cy="5" r="2.2" />
      <circle cx="12" cy="11" r="2.2" />
      <path d="M6.3 4.4h3.4a2.3 2.3 0 0 1 2.3 2.3v2M9.7 11.6H6.3A2.3 2.3 0 0 1 4 9.3v-2" />
    </>
  ),
  note: <path d="M3 2.5h10v7.2L9.2 13.5H3zM13 9.7H9.2v3.8M5.5 5.5h5M5.5 8h3" />,
  log: <path d="M3 4h10M3 8h7M3 12h4" />,
  check: <path d="M3 8.5 6.5 12 13 4.5" />,
  end: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="M6 6h4v4H6z" />
    </>
  ),
  node: (
    <>
      <rect x="3" y="3" width="10" height="10" rx="2" />
      <path d="M6 8h4" />
    </>
  ),
  play: <path d="M4.5 2.8v10.4L13 8 4.5 2.8Z" fill="currentColor" stroke="none" />,
  pause: <path d="M4.2 3h2.6v10H4.2zM9.2 3h2.6v10H9.2z" fill="currentColor" stroke="none" />,
  step: <path d="M3.5 3v10L10 8 3.5 3ZM11 3h2v10h-2z" fill="currentColor" stroke="none" />,
  stop: <rect x="3.5" y="3.5" width="9" height="9" rx="1.5" fill="currentColor" stroke="none" />,
  sliders: <path d="M2 4.5h6M12 4.5h2M2 11.5h2M8 11.5h6M10 2.7v3.6M6 9.7v3.6" />,
  fit: (
    <path d="M2.5 6V3.5a1 1 0 0 1 1-1H6M10 2.5h2.5a1 1 0 0 1 1 1V6M13.5 10v2.5a1 1 0 0 1-1 1H10M6 13.5H3.5a1 1 0 0 1-1-1V10" />
  ),
  tidy: (
    <>
      <rect x="1.8" y="6" width="4" height="4" rx="1" />
      <rect x="10.2" y="2" width="4" height="4" rx="1" />
      <rect x="10.2" y="10" width="4" height="4" rx="1" />
      <path d="M5.8 8h2.4M10.2 4H8.2v8h2" />
    </>
  ),
  plus: <path d="M8 3v10M3 8h10" />,
  minus: <path d="M3 8h10" />,
  close: <path d="m4 4 8 8M12 4l-8 8" />,
  warning: <path d="M8 2.2 14.5 13.5h-13L8 2.2ZM8 6.5v3.2M8 11.4v.4" />,
  flow: (
    <>
      <circle cx="3.5" cy="8" r="1.9" />
      <circle cx="12.5" cy="3.8" r="1.9" />
      <circle cx="12.5" cy="12.2" r="1.9" />
      <path d="M5.3 7.2 10.7 4.6M5.3 8.8l5.4 2.6" />
    </>
  ),
  unplugged: (
    <path d="m2 14 3-3M14 2l-3 3M5.5 6.5 4 8a2.8 2.8 0 0 0 4 4l1.5-1.5M6.5 5.5 8 4a2.8 2.8 0 0 1 4 4l-1.5 1.5M4 2.5v2M2.5 4h2M12 13.5v-2M13.5 12h-2" />
  ),
  chevron: <path d="m4 6 4 4 4-4" />,
  undo: <path d="M5.5 3 2.5 6l3 3M2.5 6h6.8a4 4 0 0 1 0 8H6" />,
  redo: <path d="m10.5 3 3 3-3 3M13.5 6H6.7a4 4 0 0 0 0 8H10" />,
  trash: <path d="M2.5 4.5h11M6 4.5V2.8h4v1.7M4 4.5l.7 9h6.6l.7-9M6.7 7v4M9.3 7v4" />,
  search: <path d="M11.2 7a4.2 4.2 0 1 1-8.4 0 4.2 4.2 0 0 1 8.4 0ZM10 10l4 4" />,
  outline: <path d="M2.5 3.5h3M5 8h3M5 12.5h3M8 3.5h5.5M10.5 8h3M10.5 12.5h3" />,
  palette: <path d="M2.5 3h4v4h-4zM2.5 9.5h4v4h-4zM11.5 9v5M9 11.5h5M9.5 3h4v4h-4z" />,
  lock: <path d="M3.5 7.5h9v6h-9zM5.3 7.5V5a2.7 2.7 0 0 1 5.4 0v2.5" />,
  more: <path d="M3 8h.1M8 8h.1M13 8h.1" strokeWidth="2.4" />,
};

export function Icon({ name, size = 16 }: { readonly name: string; readonly size?: number }) {
  return <Drawn size={size}>{PATHS[name] ?? PATHS.node}</Drawn>;
}

interface DrawnProps {
  readonly size: number;
  readonly children: ReactNode;
}

/** Paths on a square of 16, in the colour of the text around. */
export function Drawn({ size, children }: DrawnProps) {
  return (
    <svg
      className="fb-icon"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}
