/**
 * Hearing of changes no more often than every so many milliseconds: the first at once, and after
 * the last one what it came to. What is drawn of a time that runs by need not be drawn in between.
 */
export interface Pace {
  readonly hear: () => void;
  readonly stop: () => void;
}

export function paced(tell: () => void, ms: number, now = () => performance.now()): Pace {
  let told = Number.NEGATIVE_INFINITY;
  let timer: ReturnType<typeof setTimeout> | null = null;
  const say = () => {
    timer = null;
    told = now();
    tell();
  };
  return {
    hear: () => {
      if (timer !== null) return;
      const left = told + ms - now();
      if (left <= 0) say();
      else timer = setTimeout(say, left);
    },
    stop: () => {
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  };
}
