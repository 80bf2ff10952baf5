import { useEffect, useState } from "react";

/** Draw again every `ms` milliseconds while `active`: for clocks that run. */
export function useTick(active: boolean, ms: number): void {
  const [, tick] = useState(0);
  useEffect(() => {
    if (!active) return;
    const timer = setInterval(() => tick((n) => n + 1), ms);
    return () => clearInterval(timer);
  }, [active, ms]);
}
