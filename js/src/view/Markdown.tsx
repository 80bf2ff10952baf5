import { type Block, blocksOf, type Span } from "../model/markdown";

/** A text of a user, as `model/markdown` reads it. */
export function Markdown({ text }: { readonly text: string }) {
  return blocksOf(text).map((block, i) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: blocks have no other name, and hold no state
    <OneBlock key={i} block={block} />
  ));
}

/** A note is below the heading of its canvas. */
const HEADINGS = { 1: "h3", 2: "h4", 3: "h5" } as const;

function OneBlock({ block }: { readonly block: Block }) {
  switch (block.is) {
    case "heading": {
      const Heading = HEADINGS[block.level];
      return (
        <Heading className="fb-md-heading" data-level={block.level}>
          <Spans spans={block.spans} />
        </Heading>
      );
    }
    case "code":
      return <pre className="fb-md-code">{block.text}</pre>;
    case "paragraph":
      return (
        <p>
          <Spans spans={block.spans} />
        </p>
      );
    case "list": {
      const List = block.ordered ? "ol" : "ul";
      return (
        <List>
          {block.items.map((spans, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: items have no other name, and hold no state
            <li key={i}>
              <Spans spans={spans} />
            </li>
          ))}
        </List>
      );
    }
  }
}

function Spans({ spans }: { readonly spans: readonly Span[] }) {
  return spans.map((span, i) => {
    // biome-ignore-start lint/suspicious/noArrayIndexKey: spans have no other name, and hold no state
    if (span.is === "link")
      return (
        <a key={i} className="nodrag" href={span.href} target="_blank" rel="noreferrer noopener">
          {span.text}
        </a>
      );
    if (span.is === "bold") return <strong key={i}>{span.text}</strong>;
    if (span.is === "italic") return <em key={i}>{span.text}</em>;
    if (span.is === "code") return <code key={i}>{span.text}</code>;
    return <span key={i}>{span.text}</span>;
    // biome-ignore-end lint/suspicious/noArrayIndexKey: spans have no other name, and hold no state
  });
}
