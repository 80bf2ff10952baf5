/** Answers of a kernel that is not there: enough of one to add, find, undo and delete. */
import type {
  FlowView,
  Found,
  Hit,
  KernelMessage,
  KindView,
  NodeView,
  ViewMessage,
} from "../src/protocol/generated";

type Asked = Extract<ViewMessage, { readonly rid: number }>;

const FAMILIES: Readonly<Record<string, string>> = {
  code: "python:Python:code of your own:script function;shell:Shell:a command line:bash",
  data: "sql:SQL query:rows from tables, with DuckDB:select database;filter:Filter rows:rows that fit a condition:where;sort:Sort rows:rows in another order:order;merge:Merge:several branches into one:join;pivot:Pivot table:rows into columns:",
  services:
    "http:HTTP request:ask a web service:rest api get post;notify:Notify:a message to somebody:mail slack;kafka:Kafka topic:messages of a topic:stream",
  branches: "router:Router:one way of several:switch case;if:If:one of two ways:condition",
  containers:
    "map:Map:the same for each item, at once:each parallel;foreach:For each:the same for each item, in order:loop;try:Try:what to do when something fails:catch;call:Sub-flow:another notebook's flow:call",
  flow: "delay:Delay:wait for a while:sleep;approval:Approval:wait for a person:human;note:Note:text on the canvas:comment",
};
const CONTAINERS = new Set(["map", "foreach", "try"]);

export const KINDS: readonly KindView[] = Object.entries(FAMILIES).flatMap(([family, text]) =>
  text.split(";").map((one) => {
    const [kind = "", title = "", summary = "", words = ""] = one.split(":");
    return {
      ...{ kind, title, summary, family, body: "config" },
      contains: CONTAINERS.has(kind),
      missing: kind === "kafka" ? "no module named kafka: pip install kafka-python" : "",
      words: words.split(" ").filter(Boolean),
    };
  }),
);

/** What the cells say, and what came of them. */
const TEXTS: readonly Hit[] = [
  { ...of("clean", "code"), text: 'days = daily.dropna(subset=["rain"])', line: 2 },
  { ...of("hot_days", "code"), text: "days[days.max_temp > hot_above]", line: 1 },
  { ...of("daily", "setting"), text: "{{ url }}/daily?city={{ city }}", name: "url" },
  { ...of("monthly", "output"), text: "month[11]: 2015-12", name: "monthly" },
  {
    ...of("report", "output"),
    text: "Seattle had 1,461 days, of which 52 were hot.",
    name: "report",
  },
];

function of(node: string, where: string) {
  return { node, where, name: "", line: null };
}

/** The answer, and the flow after it; null for what this kernel does not know. */
export function answer(
  asked: Asked,
  flow: FlowView,
  undone: FlowView | null,
): readonly [KernelMessage, FlowView] | null {
  const { view, rid } = asked;
  const edited = (label: string, after: FlowView, nodes: readonly string[] = []) =>
    [
      { type: "EDITED", view, rid, label, nodes, path: null, note: "" },
      { ...after, undo: label },
    ] as const;
  switch (asked.type) {
    case "KINDS":
      return [{ type: "KINDS", view, rid, kinds: KINDS }, flow];
    case "FIND":
      return [found(asked.text.toLowerCase(), view, rid), flow];
    case "INSERT": {
      const node = added(asked, flow);
      const edges = asked.after
        ? [
            {
              source: asked.after.node,
              output: asked.after.port,
              target: node.name,
              input: "value",
            },
          ]
        : [];
      const after = { ...flow, nodes: [...flow.nodes, node], edges: [...flow.edges, ...edges] };
      return edited(`Add ${node.name}`, after, [node.name]);
    }
    case "REMOVE": {
      const gone = new Set(asked.nodes ?? []);
      return edited(`Delete ${[...gone].join(", ")}`, {
        ...flow,
        nodes: flow.nodes.filter((one) => !gone.has(one.name)),
        edges: flow.edges.filter((one) => !gone.has(one.source) && !gone.has(one.target)),
      });
    }
    case "UNDO":
      return undone === null ? null : edited("Undo", undone);
    default:
      return null;
  }
}

function found(text: string, view: string, rid: number): Found {
  return {
    ...{ type: "FOUND", view, rid },
    hits: TEXTS.filter((one) => one.text.toLowerCase().includes(text)),
    notes: ["of long outputs all but their first part"],
  };
}

function added(asked: Extract<Asked, { type: "INSERT" }>, flow: FlowView): NodeView {
  const taken = new Set(flow.nodes.map((one) => one.name));
  let name = asked.kind;
  for (let i = 2; taken.has(name); i++) name = `${asked.kind}_${i}`;
  const after = flow.nodes.find((one) => one.name === asked.after?.node);
  return {
    ...{ name, kind: asked.kind, inside: null, contains: false, known: true, ports: {} },
    x: asked.x ?? (after?.x ?? -240) + 240,
    y: asked.y ?? (after?.y ?? 0) + 120,
    inputs: after
      ? [{ name: "value", source: "", required: true, origin: "upstream", takes: "" }]
      : [],
    outputs: [name],
    options: {},
    cell: null,
    index: null,
    settings: [],
  };
}
