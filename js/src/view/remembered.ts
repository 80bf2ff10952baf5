/** Small things about how somebody likes the canvas, kept by the browser where it keeps anything. */
import { useCallback, useState } from "react";

const PREFIX = "flowbook:";

export function recall<T>(name: string, fallback: T): T {
  try {
    const kept = localStorage.getItem(PREFIX + name);
    return kept === null ? fallback : (JSON.parse(kept) as T);
  } catch {
    return fallback; // no storage here, or something else wrote there
  }
}

export function remember(name: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // a convenience: without a place for it, it is gone with the page
  }
}

/** State that is there again when the page is. */
export function useRemembered<T>(name: string, fallback: T): readonly [T, (value: T) => void] {
  const [value, set] = useState(() => recall(name, fallback));
  const put = useCallback(
    (next: T) => {
      remember(name, next);
      set(next);
    },
    [name],
  );
  return [value, put];
}
