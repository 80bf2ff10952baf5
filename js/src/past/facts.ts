/** What the server says of a run, as rows. */
import { useCallback, useEffect, useState } from "react";
import { PageError, type RunPage } from "../protocol/runPage";
import { useEditor } from "../view/useEditor";

export interface RunRow {
  readonly id: string;
  readonly flow: string;
  readonly version: string;
  readonly status: string;
  readonly trigger: string;
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly duration_ms: number | null;
  readonly params: Readonly<Record<string, unknown>>;
  readonly error: string | null;
  readonly pinned: boolean;
  readonly origin: string | null;
  readonly origin_seq: number | null;
  readonly origin_node: string | null;
  readonly parent: string | null;
  /** Digest of what it is performed in. */
  readonly environment?: string | null;
  readonly paused?: boolean;
  readonly waiting_for?: string;
  readonly notebook?: string | null;
}

/** A run and the replays of it. */
export interface Tree {
  readonly run: RunRow;
  readonly branches: readonly Tree[];
}

export interface Asked<T> {
  readonly found: T | null;
  readonly failure: PageError | null;
  readonly again: () => void;
}

/** What the server answers, and again whenever runs changed. */
export function useAsked<T>(path: string): Asked<T> {
  const page = usePage();
  const [found, setFound] = useState<T | null>(null);
  const [failure, setFailure] = useState<PageError | null>(null);
  const again = useCallback(() => {
    page.ask("GET", path).then(
      (answer) => {
        setFound(answer as T);
        setFailure(null);
      },
      (reason) => setFailure(asPageError(reason)),
    );
  }, [page, path]);
  useEffect(() => {
    again();
    return page.onChange(again);
  }, [page, again]);
  return { found, failure, again };
}

export function usePage(): RunPage {
  const { page } = useEditor();
  if (page === undefined) throw new Error("this is no page of a recorded run");
  return page;
}

export function asPageError(reason: unknown): PageError {
  if (reason instanceof Error && "hint" in reason) return reason as PageError;
  return new PageError(reason instanceof Error ? reason.message : String(reason), "", 0);
}

/** The end of an id, which is what differs between runs of one day. */
export function shortId(run: string): string {
  return run.length > 12 ? run.slice(-8) : run;
}

/** `today 10:00:02`, `22 Nov 10:00:02`. */
export function moment(iso: string, now = new Date()): string {
  const at = new Date(iso);
  const time = at.toLocaleTimeString();
  if (at.toDateString() === now.toDateString()) return `today ${time}`;
  const year = at.getFullYear() === now.getFullYear() ? {} : { year: "numeric" as const };
  return `${at.toLocaleDateString(undefined, { day: "numeric", month: "short", ...year })} ${time}`;
}
