/** What a document tells its canvas besides the flow: whether it is saved, and which buttons there are. */
import type { Transport } from "../protocol/handle";
import { ofCanvas } from "./commandNames";
import type { Context } from "./links";
import type { LiveSettings } from "./settings";

type Around = Required<Pick<Transport, "onUnsaved" | "onButtons">>;

export function aroundCanvas({ model }: Context, settings: LiveSettings): Around {
  return {
    onUnsaved(callback) {
      const tell = () => callback(model.dirty);
      model.stateChanged.connect(tell);
      tell();
      return () => model.stateChanged.disconnect(tell);
    },
    onButtons(callback) {
      const tell = () => callback(new Set(settings.buttons.flatMap((id) => ofCanvas(id) ?? [])));
      settings.changed.connect(tell);
      tell();
      return () => settings.changed.disconnect(tell);
    },
  };
}
