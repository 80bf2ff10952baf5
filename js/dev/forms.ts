/**
 * A flow with forms, without a kernel: what Python answered once (`forms.py` writes it), and what
 * is set since then.
 */
import type {
  Event,
  FlowView,
  Form,
  KernelMessage,
  OptionView,
  ViewMessage,
} from "../src/protocol/generated";
import recorded from "./forms.json";

type Asked = Extract<ViewMessage, { readonly rid: number }>;
type Answer = Extract<KernelMessage, { readonly rid: number }>;

export const flow = recorded.snapshot.flow as unknown as FlowView;
export const events = recorded.snapshot.run.events as unknown as Event[];
const forms = recorded.forms as unknown as Record<string, Form>;
let options = recorded.flowForm.options as readonly OptionView[];

/** The answer to a question about forms, and whether the flow is another one now; null: not ours. */
export function answer(asked: Asked): readonly [Answer, boolean] | null {
  const { view, rid } = asked;
  const of = (told: object) => [{ ...told, view, rid } as unknown as Answer, false] as const;
  switch (asked.type) {
    case "FORM":
      return forms[asked.node] === undefined ? null : of(forms[asked.node] as Form);
    case "FLOW_FORM":
      return of({ ...recorded.flowForm, options });
    case "COMPLETE": {
      const word = /[\w$]*$/.exec(asked.text.slice(0, asked.at))?.[0] ?? "";
      const start = asked.at - word.length;
      const inside = asked.text.slice(0, start).endsWith("fetch.");
      return of({ ...(inside ? recorded.fields : recorded.names), start, end: asked.at });
    }
    case "EVALUATE":
      return of(recorded.value);
    case "ROUTE":
      return of(recorded.routed);
    case "MATCH":
      return of(recorded.matched);
    case "FLOWS":
      return of(recorded.flows);
    default:
      return change(asked);
  }
}

function change(asked: Asked): readonly [Answer, boolean] | null {
  const { view, rid } = asked;
  const done = (label: string) =>
    [
      { type: "EDITED", view, rid, label, nodes: [], path: null } as unknown as Answer,
      true,
    ] as const;
  if (asked.type === "OPTION") {
    const said = (all: readonly OptionView[]) =>
      all.map((one) =>
        one.name === asked.name ? { ...one, text: asked.value || one.default } : one,
      );
    if (asked.node == null) options = said(options);
    else put(asked.node, { options: said(forms[asked.node]?.options ?? []) });
    return done(`Change ${asked.name}`);
  }
  if (asked.type === "SET") {
    if (asked.name === "method" && asked.value === "BREW")
      return [
        {
          type: "REFUSED",
          view,
          rid,
          message: "method cannot be 'BREW'",
          hint: "write GET or POST",
          problems: [],
        } as unknown as Answer,
        false,
      ];
    const { [asked.name]: _, ...rest } = forms[asked.node]?.config ?? {};
    put(asked.node, { config: asked.unset ? rest : { ...rest, [asked.name]: asked.value } });
    return done(`Change ${asked.name} of ${asked.node}`);
  }
  if (asked.type === "BODY") {
    put(asked.node, { body: asked.body });
    return done(`Change ${asked.node}`);
  }
  return null;
}

function put(node: string, made: Partial<Form>): void {
  forms[node] = { ...(forms[node] as Form), ...made };
}
