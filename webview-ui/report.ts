import "./model/jitless.ts";
import { html, render } from "lit";
import { type Shown, shownSchema } from "../src/protocol/panel.ts";
import { fromPortable } from "../src/protocol/portable.ts";
import { Panel } from "./elements/panel.ts";
import { PanelStore } from "./model/panelStore.ts";
import { reportState } from "./model/reportState.ts";
import { watchTheme } from "./model/theme.ts";
import "@vscode/codicons/dist/codicon.css";
import "./styles/reportTheme.css";
import "./styles/main.css";

/** The stand-alone report: the panel's own elements over data that stands in the page, read-only. */

function read(): Shown {
  const text = document.querySelector("#pathlight-data")?.textContent ?? "";
  return shownSchema.parse(fromPortable(JSON.parse(text)));
}

/** The body class is what the panel reads the theme from. */
function followColorScheme(): void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = (): void => {
    document.body.classList.toggle("vscode-dark", dark.matches);
    document.body.classList.toggle("vscode-light", !dark.matches);
  };
  apply();
  dark.addEventListener("change", apply);
}

function mount(target: HTMLElement): void {
  const shown = read();
  const store = new PanelStore({ post: () => undefined, keep: () => undefined }, { details: true }, true);
  const panel = new Panel();
  panel.store = store;
  target.append(panel);
  store.receive({ type: "state", state: reportState(shown.explanation) });
  store.receive({ type: "shown", shown, dimmed: false });
  watchTheme(() => store.changed());
  const { explanation } = shown;
  document.title = `${explanation.sample.title}: ${explanation.target.label} · Pathlight`;
  const footer = document.createElement("footer");
  footer.className = "report-footer dim small";
  footer.textContent = `${document.querySelector<HTMLMetaElement>("meta[name=generator]")?.content ?? "Pathlight"}${explanation.finishedAt === null ? "" : ` · ${new Date(explanation.finishedAt).toLocaleString()}`}`;
  target.append(footer);
  // Paper has another width: maps are painted for the width that they are printed at.
  for (const moment of ["beforeprint", "afterprint"]) window.addEventListener(moment, () => store.changed());
}

const target = document.createElement("main");
target.id = "panel";
document.body.append(target);
followColorScheme();
try {
  mount(target);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  render(
    html`<div class="whole error" role="alert"><h2>This report cannot be read</h2><p>${message}</p></div>`,
    target,
  );
}
