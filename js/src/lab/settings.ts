/** The user's settings of this extension, as they are now. */
import type { ISettingRegistry } from "@jupyterlab/settingregistry";
import { Signal } from "@lumino/signaling";

export interface Settings {
  /** Where the canvas opens beside a notebook. */
  readonly place: "split-right" | "split-bottom" | "tab-after";
  /** What a new flow opens. */
  readonly newFlow: "both" | "canvas" | "notebook";
  /** Selecting a node shows its cell, and the other way round. */
  readonly follow: boolean;
  /** What the toolbar of a canvas has, in order. */
  readonly toolbar?: readonly ISettingRegistry.IToolbarItem[];
}

export class LiveSettings {
  now: Settings = { place: "split-right", newFlow: "both", follow: true };
  readonly changed = new Signal<this, void>(this);
  private registered: ISettingRegistry.ISettings | null = null;

  follow(settings: ISettingRegistry.ISettings): void {
    this.registered = settings;
    const read = () => {
      this.now = settings.composite as unknown as Settings;
      this.changed.emit();
    };
    read();
    settings.changed.connect(read);
  }

  /** The commands that the toolbar has buttons for. */
  get buttons(): readonly string[] {
    return (this.now.toolbar ?? []).flatMap((one) => (one.disabled ? [] : (one.command ?? [])));
  }

  async set<K extends keyof Settings>(key: K, value: Settings[K]): Promise<void> {
    this.now = { ...this.now, [key]: value };
    await this.registered?.set(key, value as never);
  }
}
