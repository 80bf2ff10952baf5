/** Readings of a clock somewhere, as `datetime-local` fields have them, and the moments they mean. */

/**
 * The moment at which clocks of a zone show `reading` (`2026-03-29T02:30`), as ISO 8601 in UTC; null
 * for what is no time or no zone. A reading that is skipped means the moment of the change; of one
 * that comes twice, the first is meant.
 */
export function momentOf(reading: string, zone: string): string | null {
  const shown = Date.parse(`${reading}Z`);
  const day = 86_400_000;
  try {
    // Offsets a day before and after are all that clocks near a change may have.
    const offsets = [offsetAt(shown - day, zone), offsetAt(shown + day, zone)];
    const fitting = offsets
      .map((offset) => shown - offset)
      .filter((at) => at + offsetAt(at, zone) === shown);
    const at = fitting.length > 0 ? Math.min(...fitting) : change(shown, zone);
    return new Date(at).toISOString();
  } catch {
    return null;
  }
}

/** What clocks of a zone show at a moment, to the minute; empty for no zone. */
export function readingOf(moment: string, zone: string): string {
  const at = Date.parse(moment);
  try {
    return new Date(at + offsetAt(at, zone)).toISOString().slice(0, 16);
  } catch {
    return "";
  }
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** To make one costs a hundred times as much as to read it. */
function clockOf(zone: string): Intl.DateTimeFormat {
  const known = clocks.get(zone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("en-GB", {
    ...{ timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit" },
    ...{ hour: "2-digit", minute: "2-digit", second: "2-digit" },
  } as Intl.DateTimeFormatOptions);
  clocks.set(zone, made);
  return made;
}

/** By how many milliseconds clocks of a zone are ahead of UTC. */
function offsetAt(at: number, zone: string): number {
  const parts = clockOf(zone).formatToParts(at);
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value);
  const [month, hour] = [part("month") - 1, part("hour")];
  const shown = Date.UTC(part("year"), month, part("day"), hour, part("minute"), part("second"));
  return shown - Math.floor(at / 1000) * 1000;
}

/** When clocks jumped over a reading: the later offset begins there. */
function change(shown: number, zone: string): number {
  const before = offsetAt(shown - 86_400_000, zone);
  const after = offsetAt(shown + 86_400_000, zone);
  let [low, high] = [shown - Math.max(before, after), shown - Math.min(before, after)];
  while (high - low > 60_000) {
    const middle = Math.floor((low + high) / 120_000) * 60_000;
    if (offsetAt(middle, zone) === before) low = middle;
    else high = middle;
  }
  return high;
}
