import type { PanelStore } from "./model/panelStore.ts";

export async function captureMap(_store: PanelStore): Promise<Uint8Array> {
  return new Uint8Array();
}
