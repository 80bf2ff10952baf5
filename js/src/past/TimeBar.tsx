/** The line that stands for the whole run: where it is looked at, and the keys and buttons of that. */
import { type KeyboardEvent, type PointerEvent, useMemo, useRef } from "react";
import { statusOf } from "../model/run";
import { duration, summary } from "../model/selectors";
import type { Event } from "../protocol/generated";
import { useEditor } from "../view/useEditor";
import { selectRun, useStore } from "../view/useStore";
import type { PastDesk } from "./desk";
import { PastIcon } from "./Icons";
import { axisOf, countHere, density, marksOf, placeOf, ticksOf } from "./model/axis";
import { SPEEDS, type Speed } from "./model/playing";
import { clock, placeName, told } from "./model/telling";
import { usedOf } from "./model/used";
import { UsedLabel } from "./UsedLabel";
import { selectPast, useDesk, usePast } from "./useDesk";

const PARTS = 160;
const TICKS = 8;

export function TimeBar() {
  const desk = useDesk();
  const { store } = useEditor();
  const run = useStore(store, selectRun);
  const { count, length, scale, playing, trace, side } = usePast(selectPast);
  const { events } = desk;
  if (length === 0) return null;
  const going = run !== null && ["running", "suspended"].includes(statusOf(run)) && desk.isNow;
  const event = events[count - 1];
  return (
    <section className="fb-time" aria-label="Time of the run">
      <div className="fb-time-buttons" role="toolbar" aria-label="Go through the run">
        <Go icon="first" label="To the start (Home)" onGo={() => desk.go(1)} />
        <Go icon="back" label="One event back (←)" onGo={() => desk.step(-1)} />
        <PlayButton desk={desk} playing={playing} />
        <Go icon="next" label="One event on (→)" onGo={() => desk.step(1)} />
        <Go icon="last" label="To the end (End)" onGo={() => desk.go(length)} />
        <SpeedChoice desk={desk} playing={playing} />
      </div>
      <Line desk={desk} />
      <div className="fb-time-facts">
        <span className="fb-time-where">
          {going ? (
            <strong className="fb-live">Live</strong>
          ) : (
            <span>
              {count.toLocaleString("en-US")} of {length.toLocaleString("en-US")}
            </span>
          )}
          {event !== undefined && <time>{clock(event.at)}</time>}
        </span>
        <Toggle
          name="side"
          label="Events and branches at the left"
          pressed={side !== null}
          onToggle={() => desk.change({ side: side === null ? "events" : null })}
        />
        <Toggle
          name="events"
          label="Every event as wide as any other"
          pressed={scale === "events"}
          onToggle={() => desk.change({ scale: scale === "events" ? "time" : "events" })}
        />
        <Toggle
          name="trace"
          label="Trace: what ran when"
          pressed={trace !== null}
          onToggle={() => desk.change({ trace: trace === null ? "chart" : null })}
        />
      </div>
      <Moment events={events} count={count} />
    </section>
  );
}

interface ToggleProps {
  readonly name: string;
  readonly label: string;
  readonly pressed: boolean;
  readonly onToggle: () => void;
}

function Toggle({ name, label, pressed, onToggle }: ToggleProps) {
  return (
    <button
      type="button"
      className="fb-tool"
      data-action={name}
      aria-pressed={pressed}
      aria-label={label}
      title={label}
      onClick={onToggle}
    >
      <PastIcon name={name} />
    </button>
  );
}

/** How far the run was then, and what it had used. */
function Moment({ events, count }: { readonly events: readonly Event[]; readonly count: number }) {
  const { store } = useEditor();
  useStore(store, selectRun);
  const used = useMemo(() => usedOf(events, count), [events, count]);
  const event = events[count - 1];
  const from = events[0]?.at ?? 0;
  return (
    <p className="fb-time-moment">
      <span>{summary(store.state)}</span>
      {event !== undefined && (
        <span>
          {duration((event.at - from) * 1000)} in
          {count < events.length &&
            `, ${[placeName(event), told(event)].filter(Boolean).join(" ")}`}
        </span>
      )}
      <UsedLabel used={used} />
    </p>
  );
}

interface GoProps {
  readonly icon: string;
  readonly label: string;
  readonly onGo: () => void;
}

function Go({ icon, label, onGo }: GoProps) {
  return (
    <button type="button" className="fb-tool" aria-label={label} title={label} onClick={onGo}>
      <PastIcon name={icon} />
    </button>
  );
}

interface PlayProps {
  readonly desk: PastDesk;
  readonly playing: Speed | null;
}

function PlayButton({ desk, playing }: PlayProps) {
  const label = playing === null ? "Play (Space)" : "Stop (Space)";
  return (
    <button
      type="button"
      className="fb-tool"
      data-action="play"
      aria-label={label}
      title={label}
      onClick={() => turnPlaying(desk)}
    >
      <PastIcon name={playing === null ? "play" : "pause"} />
    </button>
  );
}

/** Kept while the page is open. */
const wanted: { speed: Speed } = { speed: 4 };

function turnPlaying(desk: PastDesk): void {
  if (desk.state.playing === null) desk.play(wanted.speed);
  else desk.pause();
}

function SpeedChoice({ desk, playing }: PlayProps) {
  return (
    <select
      aria-label="How fast to play"
      title="How fast to play"
      defaultValue={String(wanted.speed)}
      onChange={(event) => {
        wanted.speed = SPEEDS.find((one) => String(one) === event.currentTarget.value) ?? 4;
        if (playing !== null) desk.play(wanted.speed);
      }}
    >
      {SPEEDS.map((speed) => (
        <option key={speed} value={String(speed)}>
          {speed}×
        </option>
      ))}
    </select>
  );
}

/** The slider itself, over what happened when. */
function Line({ desk }: { readonly desk: PastDesk }) {
  const { count, length, scale } = usePast(selectPast);
  const { events } = desk;
  const axis = useMemo(() => axisOf(events, scale), [events, scale]);
  const ground = useMemo(() => <Ground axis={axis} />, [axis]);
  const place = placeOf(axis, count);
  const event = events[count - 1];
  const box = useRef({ left: 0, width: 1 });
  const point = (pointer: PointerEvent) => {
    const { left, width } = box.current;
    desk.go(countHere(axis, (pointer.clientX - left) / Math.max(1, width)));
  };
  return (
    <div
      className="fb-time-line"
      role="slider"
      aria-label="Moment of the run"
      aria-valuemin={1}
      aria-valuemax={length}
      aria-valuenow={count}
      aria-valuetext={event === undefined ? "" : spoken(event, count, length)}
      tabIndex={0}
      onKeyDown={(pressed) => keys(pressed, desk)}
      onPointerDown={(pointer) => {
        if (pointer.button !== 0) return;
        pointer.currentTarget.setPointerCapture(pointer.pointerId);
        pointer.currentTarget.focus();
        // Once for a whole drag: to measure makes the browser lay out the page.
        box.current = pointer.currentTarget.getBoundingClientRect();
        point(pointer);
        pointer.preventDefault();
      }}
      onPointerMove={(pointer) => {
        if (pointer.currentTarget.hasPointerCapture(pointer.pointerId)) point(pointer);
      }}
    >
      {ground}
      <i className="fb-time-done" style={{ width: `${place * 100}%` }} />
      <i className="fb-time-thumb" style={{ left: `${place * 100}%` }} />
    </div>
  );
}

function spoken(event: Event, count: number, length: number): string {
  const what = [placeName(event), told(event)].filter(Boolean).join(" ");
  return `event ${count} of ${length}, ${clock(event.at)}, ${what}`;
}

/** Arrow keys go from event to event, page keys from node to node. */
export function keys(event: KeyboardEvent, desk: PastDesk): void {
  const { length } = desk.state;
  const far = event.shiftKey ? 10 : 1;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  switch (event.key) {
    case "ArrowRight":
    case "ArrowUp":
      desk.step(far);
      break;
    case "ArrowLeft":
    case "ArrowDown":
      desk.step(-far);
      break;
    case "PageDown":
      desk.leap(1);
      break;
    case "PageUp":
      desk.leap(-1);
      break;
    case "Home":
      desk.go(1);
      break;
    case "End":
      desk.go(length);
      break;
    case " ":
      turnPlaying(desk);
      break;
    default:
      return;
  }
  event.preventDefault();
  event.stopPropagation();
}

/** What does not move: how much happened when, what failed, and times. */
function Ground({ axis }: { readonly axis: ReturnType<typeof axisOf> }) {
  const bars = density(axis, PARTS);
  const path = bars
    .map((height, i) => (height === 0 ? "" : `M${i} 1v${-(0.15 + 0.85 * height)}h0.8V1z`))
    .join("");
  return (
    <>
      <svg
        className="fb-time-density"
        viewBox={`0 0 ${PARTS} 1`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        <path d={path} />
      </svg>
      {marksOf(axis, PARTS).map((mark) => (
        <i
          key={mark.count}
          className="fb-time-mark"
          data-mark={mark.kind}
          style={{ left: `${mark.place * 100}%` }}
        />
      ))}
      {ticksOf(axis, TICKS).map((tick) => (
        <span
          key={tick.place}
          className="fb-time-tick"
          style={{ left: `${tick.place * 100}%` }}
          aria-hidden="true"
        >
          {tick.label}
        </span>
      ))}
    </>
  );
}
