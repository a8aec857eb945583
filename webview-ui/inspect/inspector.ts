import { html, nothing, type TemplateResult } from "lit";
import type { InspectedOutput, Inspection } from "../../src/protocol/inspection.ts";
import {
  bytesWords,
  countWords,
  formatNames,
  inputWords,
  outputWords,
  shapeWords,
  taskWords,
} from "../../src/protocol/inspectionWords.ts";
import { icon } from "../elements/controls.ts";
import { errorFacts } from "../elements/errorView.ts";
import { plural } from "../model/words.ts";
import { InspectElement } from "./inspectElement.ts";
import { obstacleList } from "./obstacles.ts";
import "./layerTreeView.ts";

/** What is in a model: what it takes and gives, what stands in the way, its layers. */
export class Inspector extends InspectElement {
  protected override render(): TemplateResult | typeof nothing {
    const { state } = this.store;
    if (state === null) return nothing;
    const { inspection } = state;
    return html`
      <section data-band aria-label="Model" class="band-head">${this.#title(state.title, inspection)}</section>
      ${state.stale ? this.#stale() : nothing}
      ${state.phase === "loading" ? this.#loading(state.stage) : nothing}
      ${state.phase === "failed" ? this.#failed() : nothing}
      ${inspection === null ? nothing : this.#content(inspection)}`;
  }

  #title(title: string, inspection: Inspection | null): TemplateResult {
    const loading = this.store.state?.phase === "loading";
    const known = inspection?.inferred !== null && inspection !== null;
    return html`<div class="title">
      ${icon("symbol-class")}
      <h1 title=${inspection?.path ?? title}>${inspection?.name ?? title}</h1>
      <span class="dim model">${inspection === null ? "" : summaryOf(inspection)}</span>
      <span class="spring"></span>
      <div class="row actions" role="toolbar" aria-label="Model">
        ${
          known
            ? html`<button class="secondary manifest" @click=${() => this.store.post({ type: "manifest" })}>${
                this.store.state?.entry === null ? "Write pathlight.json" : "Open pathlight.json"
              }</button>
              <button class="primary explain" @click=${() => this.store.post({ type: "explain" })}>Explain a sample…</button>`
            : nothing
        }
        <button class="ico" aria-label="Read again" title="Read again" aria-disabled=${loading ? "true" : nothing}
          @click=${() => {
            if (!loading) this.store.post({ type: "reload" });
          }}>${icon("refresh")}</button>
      </div>
    </div>`;
  }

  #loading(stage: string | null): TemplateResult {
    return html`<div role="status"><p class="dim">${stage ?? "Reading the model"}</p>
      ${this.store.state?.inspection === null ? html`<div class="skeleton tall"></div><div class="skeleton row24"></div><div class="skeleton row24 half"></div>` : nothing}</div>`;
  }

  #stale(): TemplateResult {
    return html`<div class="banner info" role="status">${icon("info")}<div><b>The model has changed on disk.</b>
      <p>What stands here was read before.</p></div><span></span>
      <div class="buttons"><button class="primary" @click=${() => this.store.post({ type: "reload" })}>Read again</button></div></div>`;
  }

  #failed(): TemplateResult | typeof nothing {
    const { state } = this.store;
    const error = state?.error;
    if (state === null || error === null || error === undefined) return nothing;
    return html`<div class="whole ${state.convertible ? "empty" : "error"}" role="alert">${icon(state.convertible ? "sync" : "error")}
      <h2>${error.title}</h2>${errorFacts(error)}
      <div class="buttons">
        ${
          state.convertible
            ? html`<button class="primary" data-action="convert" @click=${() => this.store.post({ type: "convert" })}>Convert…</button>`
            : html`<button class="primary" @click=${() => this.store.post({ type: "reload" })}>Try again</button>`
        }
        <button class="secondary" @click=${() => this.store.post({ type: "showLog" })}>Show log</button>
      </div></div>`;
  }

  #content(inspection: Inspection): TemplateResult {
    const { problem } = inspection;
    return html`
      ${
        problem === null
          ? nothing
          : html`<section data-band aria-label="What is wrong"><div class="banner error" role="alert">${icon("error")}
            <div><b>It cannot be built, so nothing can be explained with it.</b><p>${problem.message} Below is its structure as the file has it.</p>
            ${errorFacts({ ...problem, title: problem.message })}</div><span></span></div></section>`
      }
      <section data-band aria-label="Inputs and outputs" class="ends">${this.#inputs(inspection)}${this.#outputs(inspection)}</section>
      ${obstacleList(this.store, inspection)}
      <section data-band aria-label="About the model" class="about">${this.#facts(inspection)}${this.#beside(inspection)}</section>
      <section data-band aria-label="Layers"><pl-layer-tree .store=${this.store}></pl-layer-tree></section>`;
  }

  #inputs({ inputs }: Inspection): TemplateResult {
    return html`<div><h2>Inputs <small>${this.store.state?.entry === null ? "what Pathlight makes of them" : "as pathlight.json says"}</small></h2><ul class="ports">${inputs.map(
      (input) => html`<li>
        <button class="link mono" title="Show it in the tree" @click=${() => this.store.reveal(input.id)}>${input.id}</button>
        <span class="shape">${shapeWords(input.shape)}</span><span class="dim">${input.dtype ?? ""}</span>
        <span class="says">${icon(input.explained === null ? "question" : input.explained ? "pulse" : "lock")}<span>${inputWords(input, false)}</span></span>
        ${input.embeddings.map(
          ({ node }) =>
            html`<span class="says">${icon("symbol-array")}<button class="link mono" title="Show the embedding in the tree" @click=${() => this.store.reveal(node)}>${node}</button></span>`,
        )}
      </li>`,
    )}</ul></div>`;
  }

  #outputs({ outputs, task }: Inspection): TemplateResult {
    return html`<div><h2>Outputs <small>${taskWords(task)}</small></h2><ul class="ports">${outputs.map(
      (output) => html`<li>
        <button class="link mono" title="Show it in the tree" @click=${() => this.store.reveal(output.id)}>${output.id}</button>
        <span class="shape">${shapeWords(output.shape)}</span><span class="dim">${output.dtype ?? ""}</span>
        <span class="says">${icon("target")}<span>${this.#outputSays(output)}</span></span>
      </li>`,
    )}</ul></div>`;
  }

  #outputSays(output: InspectedOutput): TemplateResult | string {
    const { id, activation, logit } = output;
    if (logit === null || logit === id) return outputWords(output);
    return html`${activation} <span class="dim">of the logits in</span>
      <button class="link mono" title="Show it in the tree" @click=${() => this.store.reveal(logit)}>${logit}</button>`;
  }

  #facts({ format, files, fingerprint, parameterCount }: Inspection): TemplateResult {
    return html`<div><h2>Model</h2><dl class="facts">
      <dt>Format</dt><dd>${formatNames[format]}</dd>
      <dt>Parameters</dt><dd>${countWords(parameterCount)}</dd>
      <dt>${plural(files.length, "file").replace(/^\d+ /, "").replace(/^f/, "F")}</dt><dd><ul>${files.map(
        ({
          path,
          bytes,
        }) => html`<li><button class="link mono" title=${path} @click=${() => this.store.post({ type: "openFile", path })}>${fileName(path)}</button>
          <span class="dim">${bytes === null ? "missing" : bytesWords(bytes)}</span></li>`,
      )}</ul></dd>
      ${fingerprint === null ? nothing : html`<dt>SHA-256</dt><dd class="mono">${fingerprint.slice(0, 16)}… <button class="link" @click=${() => this.store.post({ type: "copy", text: fingerprint })}>Copy</button></dd>`}
    </dl></div>`;
  }

  #beside({ companions, inferred, gradientsUntried, problem }: Inspection): TemplateResult {
    return html`<div><h2>Beside it <small>labels, tokenizer, configuration</small></h2>
      ${
        companions.length === 0
          ? html`<p class="dim small">Nothing that says more about the model.</p>`
          : html`<ul>${companions.map(
              ({ path, what, used }) => html`<li>${icon(used ? "check" : "circle-slash", "dim")}
              <button class="link mono" title=${path} @click=${() => this.store.post({ type: "openFile", path })}>${fileName(path)}</button>
              <span class="dim">${what}, ${used ? "used" : "not used"}</span></li>`,
            )}</ul>`
      }
      ${
        inferred === null || inferred.notes.length === 0
          ? nothing
          : html`<h2 class="inferred">Inferred <small>${
              this.store.state?.entry === null
                ? "check this against the training"
                : "what pathlight.json says comes first"
            }</small></h2>
            <ul class="notes">${inferred.notes.map((note) => html`<li>${note}</li>`)}</ul>`
      }
      ${gradientsUntried === null || problem !== null ? nothing : html`<p class="dim small">Gradients were not tried: ${gradientsUntried}</p>`}
    </div>`;
  }
}
customElements.define("pl-inspector", Inspector);

function summaryOf({ format, files, parameterCount }: Inspection): string {
  const bytes = files.reduce((sum, file) => sum + (file.bytes ?? 0), 0);
  return `${formatNames[format]} · ${bytesWords(bytes)} · ${countWords(parameterCount)} parameters`;
}

function fileName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}
