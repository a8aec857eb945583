import "./model/jitless.ts";
import { hostToInspectSchema } from "../src/protocol/inspectPage.ts";
import { Inspector } from "./inspect/inspector.ts";
import { InspectStore } from "./inspect/inspectStore.ts";
import "./styles/inspect.css";

const vscode = acquireVsCodeApi();
const store = new InspectStore(
  {
    post: (message) => vscode.postMessage(message),
    keep: (view) => vscode.setState(view),
  },
  vscode.getState(),
);

window.addEventListener("message", (event: MessageEvent<unknown>) => {
  const parsed = hostToInspectSchema.safeParse(event.data);
  if (parsed.success) store.receive(parsed.data);
  else store.report(new Error(`The page got a message that it does not know: ${parsed.error.message}`));
});
window.addEventListener("error", (event) => store.report(event.error ?? event.message));
window.addEventListener("unhandledrejection", (event) => store.report(event.reason));

const inspector = new Inspector();
inspector.store = store;
document.querySelector("#panel")?.append(inspector);
store.post({ type: "ready" });
