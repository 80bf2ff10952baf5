/**
 * What nodes stream while they run. Notices come live, in pieces that may be lost; details of a node
 * are asked for and say all of it. What is shown is both, each token once.
 */
import type { StreamedView, StreamView } from "../protocol/generated";

const MOST_TEXT = 20_000;
const TAIL = 28;

interface Piece {
  readonly first: number;
  readonly text: string;
}

/** The stream of one attempt of a node, as far as it was heard live. */
export interface LiveStream {
  readonly scope: string;
  readonly attempt: number;
  readonly pieces: readonly Piece[];
  /** How many tokens there are by now. */
  readonly tokens: number;
  readonly data: { readonly count: number; readonly text: string } | null;
  readonly artefacts: { readonly count: number; readonly text: string } | null;
}

export type LiveStreams = Readonly<Record<string, LiveStream>>;

/** The streams after `notices`. */
export function streamed(before: LiveStreams, notices: readonly StreamView[]): LiveStreams {
  if (notices.length === 0) return before;
  const after: Record<string, LiveStream> = { ...before };
  for (const notice of notices) after[notice.node] = heard(after[notice.node], notice);
  return after;
}

function heard(known: LiveStream | undefined, notice: StreamView): LiveStream {
  const { scope, attempt, channel, text } = notice;
  const same = known?.scope === scope && known.attempt === attempt;
  const stream: LiveStream =
    same && known !== undefined
      ? known
      : { scope, attempt, pieces: [], tokens: 0, data: null, artefacts: null };
  const count = notice.chunk_index + notice.chunks;
  if (channel === "data") return { ...stream, data: { count, text } };
  if (channel === "artefact") return { ...stream, artefacts: { count, text } };
  if (channel !== "token" || count <= stream.tokens) return stream;
  const pieces = bounded([...stream.pieces, { first: notice.chunk_index, text }]);
  return { ...stream, pieces, tokens: count };
}

function bounded(pieces: readonly Piece[]): readonly Piece[] {
  let size = pieces.reduce((sum, piece) => sum + piece.text.length, 0);
  let from = 0;
  for (; size > MOST_TEXT && from < pieces.length - 1; from++)
    size -= pieces[from]?.text.length ?? 0;
  return from === 0 ? pieces : pieces.slice(from);
}

export interface StreamedText {
  readonly text: string;
  readonly tokens: number;
  /** True when text came before this. */
  readonly cut: boolean;
}

/** What the tokens of a node say, of what was asked for and what came since. */
export function streamText(
  details: StreamedView | null,
  live: LiveStream | undefined,
): StreamedText {
  if (live === undefined || (details !== null && details.attempt > live.attempt))
    return { text: details?.text ?? "", tokens: details?.tokens ?? 0, cut: details?.cut ?? false };
  const asked = details !== null && details.attempt === live.attempt ? details : null;
  const known = asked?.tokens ?? 0;
  const since = live.pieces.filter((piece) => piece.first >= known);
  const gap = (since[0]?.first ?? known) > known;
  const text = (gap ? "" : (asked?.text ?? "")) + since.map((piece) => piece.text).join("");
  return {
    text: text.slice(-MOST_TEXT),
    tokens: Math.max(known, live.tokens),
    cut: (asked?.cut ?? false) || gap || text.length > MOST_TEXT,
  };
}

/** The end of what a node says, on one line, for its card; empty while it says nothing. */
export function tail(live: LiveStream | undefined): string {
  if (live === undefined) return "";
  const text = live.pieces
    .slice(-8)
    .map((piece) => piece.text)
    .join("")
    .replace(/\s+/g, " ")
    .trim();
  return text.length <= TAIL ? text : `…${text.slice(-TAIL)}`;
}
