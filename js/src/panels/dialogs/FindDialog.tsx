import { useEffect, useMemo, useRef, useState } from "react";
import type { EditorState } from "../../editor/editor";
import { routes } from "../../model/layout";
import { hitIn, ranked } from "../../model/ranking";
import { standingLabel, standingOf } from "../../model/selectors";
import { standOut } from "../../model/sieve";
import type { FlowView, Found, Hit, NodeView } from "../../protocol/generated";
import { Icon } from "../../view/icons";
import { lookOf } from "../../view/kinds";
import { useShell } from "../../view/shell";
import { useEditor, useEditorState } from "../../view/useEditor";
import { useKinds } from "../../view/useKinds";
import { selectFlow, useStore } from "../../view/useStore";
import { FilterChips } from "../FilterChips";
import { Chooser } from "./Chooser";
import { DialogFrame } from "./DialogFrame";

/** After the last letter, until the kernel is asked. */
const PAUSE_MS = 200;
const LEAST = 2;

interface Line {
  readonly node: NodeView;
  /** Where it was found, unless in the node's own name or kind. */
  readonly hit: Hit | null;
}

const selectChips = (state: EditorState) => state.chips;

/** Where in the flow something is: in names, kinds, code and what the last run gave. */
export function FindDialog() {
  const editor = useEditor();
  const shell = useShell();
  const flow = useStore(editor.store, selectFlow);
  const chips = useEditorState(selectChips);
  const kinds = useKinds() ?? [];
  const [query, setQuery] = useState("");
  const root = useRef<HTMLDivElement>(null);
  const told = useFound(query);
  const nodes = useMemo(() => inOrder(flow), [flow]);
  const lines = useMemo(() => linesOf(nodes, query, told), [nodes, query, told]);
  const passing = standOut(editor.store.state, chips, null, kinds);
  const shown = lines.filter(({ node }) => passing === null || passing.has(node.name));

  useEffect(() => {
    const names = query.trim() === "" ? null : new Set(lines.map(({ node }) => node.name));
    editor.change({ hits: names });
  }, [editor, lines, query]);
  useEffect(() => () => editor.change({ hits: null }), [editor]);

  return (
    <DialogFrame title="Find and filter" shape="beside">
      <Chooser<Line>
        label="Name, kind, code or output"
        query={query}
        onQuery={setQuery}
        items={shown}
        keyOf={keyOf}
        row={(line) => <LineOf line={line} query={query} />}
        onLook={({ node }) => editor.reveal(node.name)}
        onChoose={({ node }) => {
          root.current?.closest<HTMLElement>(".fb-root")?.focus(); // the details have it next
          editor.change({ dialog: null });
          editor.reveal(node.name);
          shell.open(node.name);
        }}
        empty={query === "" ? "No node passes the filter." : `Nothing here with “${query}”.`}
      >
        <div ref={root}>
          <FilterChips />
        </div>
      </Chooser>
      {query.trim().length >= LEAST && !editor.still && <Notes told={told} />}
    </DialogFrame>
  );
}

/** What the kernel knows about `query`; null until it has answered. */
function useFound(query: string): Found | null {
  const editor = useEditor();
  const [told, setTold] = useState<Found | null>(null);
  useEffect(() => {
    const text = query.trim();
    setTold(null);
    if (text.length < LEAST || editor.still) return;
    let wanted = true;
    const timer = setTimeout(async () => {
      const answer = await editor.ask<"FOUND">({ type: "FIND", text });
      if (wanted) setTold(answer);
    }, PAUSE_MS);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [editor, query]);
  return told;
}

function inOrder(flow: FlowView | null): readonly NodeView[] {
  if (flow === null) return [];
  const nodes = new Map(flow.nodes.map((one) => [one.name, one]));
  const { order } = routes(
    [...nodes.keys()],
    flow.edges.map((one) => [one.source, one.target]),
  );
  return order.flatMap((name) => nodes.get(name) ?? []);
}

/** Nodes by name and kind, the best first, then lines in which the text is. */
function linesOf(nodes: readonly NodeView[], query: string, told: Found | null): readonly Line[] {
  const named = ranked(query, nodes, (one) => [
    [one.name, 0],
    [one.kind, 1],
  ]);
  const byName = new Map(nodes.map((one) => [one.name, one]));
  const hits = (told?.hits ?? []).flatMap((hit) => {
    const node = byName.get(hit.node);
    return node === undefined ? [] : [{ node, hit }];
  });
  return [...named.map((node) => ({ node, hit: null })), ...hits];
}

function keyOf({ node, hit }: Line): string {
  return hit === null ? node.name : `${node.name} ${hit.where} ${hit.name} ${hit.line} ${hit.text}`;
}

function LineOf({ line: { node, hit }, query }: { readonly line: Line; readonly query: string }) {
  const editor = useEditor();
  const look = lookOf(node.kind);
  if (hit === null)
    return (
      <>
        <span className="fb-kind" data-tone={look.tone}>
          <Icon name={look.icon} />
        </span>
        <span className="fb-line">
          <span className="fb-line-name">
            <Marked text={node.name} query={query} />
          </span>
          <span className="fb-line-more">
            <Marked text={node.kind} query={query} />
            {` · ${standingLabel(standingOf(editor.store.state, node.name))}`}
          </span>
        </span>
      </>
    );
  return (
    <span className="fb-line fb-hit">
      <code>
        <Marked text={hit.text} query={query} />
      </code>
      <span className="fb-line-more">{whereOf(hit)}</span>
    </span>
  );
}

function whereOf({ node, where, name, line }: Hit): string {
  if (where === "code") return `${node}, line ${line}`;
  return where === "setting" ? `${node}, setting ${name}` : `${node}, output ${name}`;
}

function Marked({ text, query }: { readonly text: string; readonly query: string }) {
  const hit = hitIn(query, text);
  if (hit === null) return text;
  return (
    <>
      {text.slice(0, hit[0])}
      <mark>{text.slice(...hit)}</mark>
      {text.slice(hit[1])}
    </>
  );
}

function Notes({ told }: { readonly told: Found | null }) {
  if (told === null) return <p className="fb-none">Looking into code and outputs…</p>;
  if (told.notes.length === 0) return null;
  return <p className="fb-none">Not searched: {told.notes.join("; ")}.</p>;
}
