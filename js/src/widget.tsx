/**
 * The anywidget module. The default export is a factory: what it closes over belongs to one model,
 * so all views of a canvas share one session and one store. A page that hosts the canvas without a
 * widget manager calls `open`.
 */
import type { AnyWidget } from "@anywidget/types";
import { createRoot } from "react-dom/client";
import "@xyflow/react/dist/base.css";
import "./view/theme.css";
import { App } from "./app";
import { bring } from "./editor/bringing";
import { Commands } from "./editor/commands";
import { Editor } from "./editor/editor";
import { EVERY, stillOf } from "./editor/every";
import { overAnywidget } from "./host/anywidget";
import { Session } from "./host/session";
import { errorCount, isGoing, summary } from "./model/selectors";
import { Store } from "./model/store";
import type { CanvasHandle, Transport } from "./protocol/handle";
import { Aside } from "./view/aside";

/** `whole`: the page is the canvas, rather than a cell among others. */
export function mount(el: HTMLElement, session: Session, whole = false): CanvasHandle {
  const editor = new Editor(session, whole);
  const commands = new Commands(editor, editor.looks ? stillOf(EVERY) : EVERY);
  const aside = new Aside();
  const root = createRoot(el);
  const id = `fb-${session.view}-${el.childElementCount}`;
  root.render(<App id={id} commands={commands} aside={aside} />);
  return {
    commands: (names) => commands.list(names),
    execute: (name) => commands.execute(name),
    summary: () => {
      const { state } = session.store;
      const errors = errorCount(state.flow?.problems ?? []);
      return { text: summary(state), going: isGoing(state), errors };
    },
    get selected() {
      return editor.selected().map((one) => one.name);
    },
    reveal: (node) => editor.reveal(node),
    overlay: (overlay) => editor.change({ overlay }),
    focus: () => el.querySelector<HTMLElement>(".react-flow__node, .fb-button")?.focus(),
    onChange(callback) {
      const offs = [editor.subscribe(callback), session.store.subscribe(callback)];
      return () => {
        for (const off of offs) off();
      };
    },
    onGoToCell(callback) {
      editor.goToCell.add(callback);
      return () => editor.goToCell.delete(callback);
    },
    onMade(callback) {
      editor.made.add(callback);
      return () => editor.made.delete(callback);
    },
    showDetails: (place) => aside.show(place),
    bring: (paths, at) => void bring(editor, paths, at),
    dispose: () => root.unmount(),
  };
}

export function begin(transport: Transport): Session {
  const store = new Store(
    (callback) => requestAnimationFrame(callback),
    () => Date.now() / 1000,
  );
  return new Session(store, transport);
}

/** A canvas in `el`, whose flow is at the other end of `transport`. */
export function open(transport: Transport, el: HTMLElement): CanvasHandle {
  const session = begin(transport);
  const handle = mount(el, session, true);
  return {
    ...handle,
    get selected() {
      return handle.selected;
    },
    dispose() {
      handle.dispose();
      session.close();
    },
  };
}

const factory: AnyWidget<{ snapshot: unknown }> = () => {
  let session: Session | undefined;
  return {
    initialize({ model }) {
      const begun = begin(overAnywidget(model));
      session = begun;
      return () => begun.close();
    },
    render({ model, el }) {
      session ??= begin(overAnywidget(model));
      const place = el.appendChild(document.createElement("div"));
      place.className = "fb-place";
      const handle = mount(place, session);
      return () => handle.dispose();
    },
  };
};

export default factory;
