/**
 * The anywidget module. The default export is a factory: what it closes over belongs to one model,
 * so all views of a canvas share one session and one store.
 */
import type { AnyWidget } from "@anywidget/types";
import { createRoot } from "react-dom/client";
import "@xyflow/react/dist/base.css";
import "./view/theme.css";
import { App } from "./app";
import { overAnywidget } from "./host/anywidget";
import { Session } from "./host/session";
import type { Transport } from "./host/transport";
import { Store } from "./model/store";

export function mount(el: HTMLElement, session: Session): () => void {
  const root = createRoot(el);
  root.render(<App id={`fb-${session.view}-${el.childElementCount}`} session={session} />);
  return () => root.unmount();
}

export function begin(transport: Transport): Session {
  const store = new Store(
    (callback) => requestAnimationFrame(callback),
    () => Date.now() / 1000,
  );
  return new Session(store, transport);
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
      return mount(place, session);
    },
  };
};

export default factory;
