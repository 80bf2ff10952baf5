/** Signs that only the page of a recorded run has. */
import type { ReactNode } from "react";
import { Drawn } from "../view/icons";

const PATHS: Readonly<Record<string, ReactNode>> = {
  first: <path d="M4 3v10M12.5 3.5 6.5 8l6 4.5z" fill="currentColor" />,
  last: <path d="M12 3v10M3.5 3.5 9.5 8l-6 4.5z" fill="currentColor" />,
  back: <path d="m10 3.5-5 4.5 5 4.5" />,
  next: <path d="m6 3.5 5 4.5-5 4.5" />,
  play: <path d="M4.5 2.8v10.4L13 8 4.5 2.8Z" fill="currentColor" stroke="none" />,
  pause: <path d="M4.2 3h2.6v10H4.2zM9.2 3h2.6v10H9.2z" fill="currentColor" stroke="none" />,
  trace: <path d="M2.5 4h5M6 8h6M9 12h4.5" strokeWidth="2.2" />,
  events: <path d="M3 3.5h.1M3 8h.1M3 12.5h.1M6 3.5h7M6 8h7M6 12.5h7" />,
  side: <path d="M2.5 3h11v10h-11zM6.5 3v10" />,
  pin: <path d="M6 2.5h4l-.5 4 2.5 2.5H4l2.5-2.5zM8 9v4.5" />,
  pinned: <path d="M6 2.5h4l-.5 4 2.5 2.5H4l2.5-2.5zM8 9v4.5" fill="currentColor" />,
  replay: <path d="M3 8a5 5 0 1 1 1.6 3.7M3 13v-3h3" />,
  branch: (
    <>
      <circle cx="4.5" cy="3.5" r="1.7" />
      <circle cx="4.5" cy="12.5" r="1.7" />
      <circle cx="11.5" cy="6" r="1.7" />
      <path d="M4.5 5.2v5.6M11.5 7.7c0 2.4-7 1.2-7 3.1" />
    </>
  ),
};

export function PastIcon({ name, size = 16 }: { readonly name: string; readonly size?: number }) {
  return <Drawn size={size}>{PATHS[name]}</Drawn>;
}
