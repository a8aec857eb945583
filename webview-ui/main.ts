import "./model/jitless.ts";
import { type HostToPanel, hostToPanelSchema } from "../src/protocol/panel.ts";
import { captureMap } from "./capture.ts";
import { Panel } from "./elements/panel.ts";
import { PanelStore } from "./model/panelStore.ts";
import { watchTheme } from "./model/theme.ts";
import "./styles/main.css";

const vscode = acquireVsCodeApi();
const store = new PanelStore(
  {
    post: (message) => vscode.postMessage(message),
    keep: (view) => vscode.setState(view),
  },
  vscode.getState(),
);

/** Whoever asked for the picture gets an answer, also when there is none. */
async function capture(captureId: string): Promise<void> {
  try {
    store.post({ type: "image", captureId, png: await captureMap(store) });
  } catch (error) {
    store.post({ type: "imageFailed", captureId, message: error instanceof Error ? error.message : String(error) });
  }
}

function onMessage(message: HostToPanel): void {
  if (message.type === "capture") void capture(message.captureId);
  else store.receive(message);
}

window.addEventListener("message", (event: MessageEvent<unknown>) => {
  const parsed = hostToPanelSchema.safeParse(event.data);
  if (parsed.success) onMessage(parsed.data);
  else store.report(new Error(`The panel got a message that it does not know: ${parsed.error.message}`));
});
window.addEventListener("error", (event) => store.report(event.error ?? event.message));
window.addEventListener("unhandledrejection", (event) => store.report(event.reason));

const panel = new Panel();
panel.store = store;
document.querySelector("#panel")?.append(panel);
watchTheme(() => store.changed());
store.post({ type: "ready" });
