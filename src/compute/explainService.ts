import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import type { BackendOptions } from "../backend/index.ts";
import { throwIfCancelled } from "../common/cancellation.ts";
import { PathlightError } from "../common/errors.ts";
import { regrain } from "../engine/regrain.ts";
import type { LoadedModel } from "../models/loadedModel.ts";
import type { SequenceResult } from "../protocol/compute.ts";
import type { BackendPreference, ExplainRequest, ModelRef } from "../protocol/explain.ts";
import type { BackendInfo, Explanation, Prediction } from "../protocol/explanation.ts";
import type { Inspection } from "../protocol/inspection.ts";
import type { AblateParams, AblationResult } from "../protocol/neurons.ts";
import type { WhatIfAnswer, WhatIfEdit } from "../protocol/whatIf.ts";
import { ablateAndExplain } from "./ablation/ablateAndExplain.ts";
import type { AblateOptions } from "./ablation/ablateRun.ts";
import { type AttributionTensor, attributionTensors } from "./attributionTensors.ts";
import { type AuditRunOptions, auditRun } from "./auditRun.ts";
import type { CallOptions } from "./callOptions.ts";
import { inspectModel } from "./inspectModel.ts";
import { integrateRun } from "./integrateRun.ts";
import { Mutex } from "./mutex.ts";
import { type AskedNeuron, neuronRun } from "./neurons/neuronScore.ts";
import { asAsked, asPlanned, decoderOf, type OpenedModel, withoutNeurons } from "./openedModel.ts";
import { OpenModels } from "./openModels.ts";
import { type TokenPairsOptions, tokenPairs } from "./pairs/tokenPairs.ts";
import { WorkerPool, type WorkerPoolOptions } from "./parallel/workerPool.ts";
import { planRun } from "./planRun.ts";
import { Run } from "./run.ts";
import { runKey } from "./runKey.ts";
import { planGrain } from "./runPlan.ts";
import { RunStore } from "./runStore.ts";
import { explainSequence, type PreparedRow, type SequenceCallOptions } from "./sequence/explainSequence.ts";
import { openGeneration } from "./sequence/generation.ts";
import { TwinModel } from "./twin/twinModel.ts";
import { namedSamples } from "./twin/twinRequest.ts";
import { type WhatIfOptions, whatIf } from "./whatIf.ts";

export interface ServiceOptions extends BackendOptions {
  /** Of the threads that share the work on WebAssembly. */
  readonly workers?: WorkerPoolOptions | undefined;
}

/** Of an audit: progress instead of drafts. */
export type AuditCallOptions = AuditRunOptions;

export type TokenPairsCallOptions = Pick<TokenPairsOptions, "signal" | "onProgress">;

/** Completeness error above which an explanation carries a warning in its file. */
const WARN_ABOVE = 0.05;

/**
 * Explains samples: what the command line and the compute process share. One explanation computes at a time; others
 * wait for their turn. Runs are kept, so that the same question with a tighter tolerance goes on from what is known.
 */
export class ExplainService {
  readonly #pool: WorkerPool;
  readonly #models: OpenModels;
  readonly #runs = new RunStore();
  readonly #turn = new Mutex();

  constructor({ workers, ...backendOptions }: ServiceOptions = {}) {
    this.#pool = new WorkerPool(workers);
    this.#models = new OpenModels(backendOptions, (fingerprint) => this.#pool.forget(fingerprint));
  }

  get activeBackend(): BackendInfo | null {
    return this.#models.backend;
  }

  explain(request: ExplainRequest, options: CallOptions = {}): Promise<Explanation> {
    return this.#inTurn(options, async () => {
      const { run, loaded } = await this.#prepare(request, options);
      const earlier = this.#runs.findByKey(run.key);
      const known = earlier?.integration ?? null;
      if (earlier !== undefined) run.threads = earlier.threads;
      options.emit?.({
        type: "predicted",
        runId: run.id,
        backend: run.plan.backend,
        explanation: run.explanation(WARN_ABOVE),
      });
      return this.#integrate(run, known, loaded, options);
    });
  }

  /**
   * Explains every token of the text that a model writes, each as `explain` would; a token that has been explained
   * before goes on from what is known. Throws `usage` for a model that writes none.
   */
  explainSequence(request: ExplainRequest, { signal, emit }: SequenceCallOptions = {}): Promise<SequenceResult> {
    const options: CallOptions = {
      signal,
      emit: (event) => event.type === "stage" && emit?.({ type: "stage", message: event.message }),
    };
    return this.#inTurn(options, async () => {
      const backend = await this.#models.activate(request.settings.backend, options);
      const generation = await openGeneration(await this.#models.open(request.model, backend, options));
      const prepare = async (asked: ExplainRequest, onToken: (count: number) => void): Promise<PreparedRow> => {
        const { run, loaded } = await this.#prepare(asked, { ...options, onToken });
        const known = this.#runs.findByKey(run.key)?.integration ?? null;
        return { plan: run.plan, explain: () => this.#integrate(run, known, loaded, { signal }) };
      };
      return explainSequence(request, generation, prepare, emit);
    });
  }

  /** Goes on with a run under other limits. */
  refine(runId: string, tolerance: number, maxEvaluations: number, options: CallOptions = {}): Promise<Explanation> {
    return this.#inTurn(options, async () => {
      const run = this.#runs.get(runId);
      const { loaded } = await this.#reopen(run, options);
      run.limits = { ...run.limits, tolerance, maxEvaluations };
      return this.#integrate(run, run.integration, loaded, options);
    });
  }

  /** Compares the gradients of a run with forward passes. A run that was not computed yet is audited all the same. */
  audit(runId: string, options: AuditCallOptions = {}): Promise<Explanation> {
    return this.#inTurn({ signal: options.signal }, async () => {
      const run = this.#runs.get(runId);
      const { loaded } = await this.#reopen(run, options);
      run.audit = await auditRun(run, loaded.model, options);
      return run.explanation(WARN_ABOVE);
    });
  }

  /** The same for a sample that is not to be explained; no integral is computed. */
  auditSample(request: ExplainRequest, options: AuditCallOptions & CallOptions = {}): Promise<Explanation> {
    return this.#inTurn(options, async () => {
      const { run, loaded } = await this.#prepare(request, options);
      run.audit = await auditRun(run, loaded.model, options);
      return run.explanation(WARN_ABOVE);
    });
  }

  /** What each token of one text says to each of the other, of a run whose score is the similarity of two. */
  tokenPairs(runId: string, options: TokenPairsCallOptions = {}): Promise<Explanation> {
    return this.#inTurn({ signal: options.signal }, async () => {
      const run = this.#runs.get(runId);
      const { loaded } = await this.#reopen(run, options);
      const { tolerance, maxEvaluations } = run.limits;
      run.pairs = await tokenPairs(run.plan, loaded.model, { tolerance, maxEvaluations, ...options });
      return run.explanation(WARN_ABOVE);
    });
  }

  /** What the model says of edited texts of a run. Throws `run-unknown` where it is not kept. */
  whatIf(runId: string, edits: readonly WhatIfEdit[], options: WhatIfOptions = {}): Promise<WhatIfAnswer> {
    return this.#inTurn({ signal: options.signal }, async () => {
      const run = this.#runs.get(runId);
      if (run.ablated.length > 0) throw notOfAblated();
      const opened = await this.#reopen(run, options);
      return whatIf(run, run.explanation(WARN_ABOVE), opened, edits, options);
    });
  }

  /**
   * What a run's model says without some of its neurons, and the attribution without them, which is a run of its own.
   * Throws `run-unknown` where the run is not kept.
   */
  ablate(runId: string, params: Omit<AblateParams, "runId">, options: AblateOptions = {}): Promise<AblationResult> {
    return this.#inTurn({ signal: options.signal }, async () => {
      const run = this.#runs.get(runId);
      const opened = await this.#reopen(run, options);
      const result = await ablateAndExplain(run, opened, { ...params, runId }, options, (each, emit) => {
        const known = each.integration ?? this.#runs.findByKey(each.key)?.integration ?? null;
        return this.#integrate(each, known, withoutNeurons(opened, each).loaded, { signal: options.signal, emit });
      });
      // However many are made of it, it stays the one that was asked about last.
      this.#runs.put(run);
      return result;
    });
  }

  /** A run of which nothing has been computed, for what needs no explanation first; its id. */
  openRun(request: ExplainRequest, options: CallOptions = {}): Promise<string> {
    return this.#inTurn(options, async () => {
      const { run } = await this.#prepare(request, options);
      this.#runs.put(run);
      return run.id;
    });
  }

  /** Whatever else is asked of a run, in its turn and with its model. Throws `run-unknown` where it is not kept. */
  withRun<T>(
    runId: string,
    options: Pick<CallOptions, "signal">,
    ask: (run: Run, opened: OpenedModel) => Promise<T>,
  ): Promise<T> {
    return this.#inTurn(options, async () => {
      const run = this.#runs.get(runId);
      return ask(run, await this.#reopen(run, options));
    });
  }

  /** Explains a neuron of a run's model, as a run of its own. */
  explainNeuron(runId: string, neuron: AskedNeuron, options: CallOptions = {}): Promise<Explanation> {
    return this.#inTurn(options, async () => {
      const run = this.#runs.get(runId);
      const { loaded } = await this.#reopen(run, options);
      const own = await neuronRun(run, loaded.model, neuron);
      return this.#integrate(own, this.#runs.findByKey(own.key)?.integration ?? null, loaded, options);
    });
  }

  /** The same nodes read at another grain. */
  regrain(runId: string, grain: number): Explanation {
    const run = this.#runs.get(runId);
    if (run.integration === null) throw new PathlightError("run-unknown", "Nothing is known of this explanation yet.");
    run.integration = regrain(run.integration, planGrain(run.plan, grain));
    run.limits = { ...run.limits, grain };
    if (run.status !== "cancelled") run.status = run.integration.status;
    return run.explanation(WARN_ABOVE);
  }

  snapshot(runId: string): Explanation | null {
    const run = this.#runs.find(runId);
    return run === undefined || run.integration === null ? null : run.explanation(WARN_ABOVE);
  }

  release(runId: string): void {
    this.#runs.release(runId);
  }

  predict(
    request: ExplainRequest,
    options: CallOptions = {},
  ): Promise<{ predictions: Prediction[]; backend: BackendInfo }> {
    return this.#inTurn(options, async () => {
      const backend = await this.#models.activate(request.settings.backend, options);
      const opened = asAsked(await this.#models.open(request.model, backend, options), request);
      const plan = await planRun(request, opened, backend, options.signal);
      return { predictions: [...plan.predictions], backend };
    });
  }

  openModel(model: ModelRef, preference: BackendPreference, options: CallOptions = {}): Promise<OpenedModel> {
    return this.#inTurn(options, async () =>
      this.#models.open(model, await this.#models.activate(preference, options), options),
    );
  }

  inspect(model: ModelRef, preference: BackendPreference, options: CallOptions = {}): Promise<Inspection> {
    return this.#inTurn(options, async () => {
      const backend = await this.#models.activate(preference, options);
      return inspectModel(model.path, backend.name, () => this.#models.open(model, backend, options), options.signal);
    });
  }

  /** Attributions of a kept run, one for each explained input, in the shape of that input; per token for text. */
  attributionTensors(runId: string): AttributionTensor[] {
    const run = this.#runs.get(runId);
    if (run.integration === null) throw new PathlightError("run-unknown", "Nothing is known of this explanation yet.");
    return attributionTensors(run.plan, run.integration);
  }

  /** The same for an explanation that may be old: null where its run is no longer kept, or has gone on since. */
  tensorsOf({ runId, evaluations }: Explanation): AttributionTensor[] | null {
    const run = this.#runs.find(runId);
    return run?.integration?.evaluations === evaluations ? this.attributionTensors(runId) : null;
  }

  async dispose(): Promise<void> {
    await this.#turn.run(async () => {
      this.#runs.dispose();
      this.#models.dispose();
      await this.#pool.dispose();
    });
  }

  #inTurn<T>(options: CallOptions, task: () => Promise<T>): Promise<T> {
    if (this.#turn.isBusy) {
      options.emit?.({ type: "stage", stage: "backend", message: "Waiting for another explanation" });
    }
    return this.#turn.run(async () => {
      throwIfCancelled(options.signal);
      return task();
    });
  }

  /** A run as it is before anything is computed, with the model that it asks for. */
  async #prepare(
    request: ExplainRequest,
    options: CallOptions & { readonly onToken?: (count: number) => void },
  ): Promise<{ run: Run; loaded: LoadedModel }> {
    const { settings } = request;
    const backend = await this.#models.activate(settings.backend, options);
    const opened = asAsked(await this.#models.open(request.model, backend, options), request);
    options.emit?.({ type: "stage", stage: "sample", message: "Reading the sample" });
    const { model } = opened.loaded;
    const asked = model instanceof TwinModel ? namedSamples(request, model) : request;
    const plan = await planRun(asked, opened, backend, options.signal, options.onToken);
    throwIfCancelled(options.signal);
    const key = runKey(
      [
        plan.model.fingerprint,
        backend.name,
        JSON.stringify(plan.score),
        plan.explained.map(({ node }) => node).join(" "),
        settings.method,
        settings.rule,
        settings.rule === "adaptive" ? null : settings.steps,
      ],
      [
        ...(plan.windows?.places ?? []),
        ...plan.explained.flatMap(({ x, baseline }) => [x, baseline]),
        ...plan.held.map(({ data }) => data),
      ],
    );
    const { tolerance, maxEvaluations, grain } = settings;
    const run = new Run(randomUUID(), key, plan, { tolerance, maxEvaluations, grain });
    return { run, loaded: asPlanned(opened.loaded, plan) };
  }

  /** The model of a run, as it reads the run's sample, on the backend that it began on. Throws `run-unknown` when the file has changed since. */
  async #reopen(run: Run, options: CallOptions): Promise<OpenedModel> {
    const { request } = run.plan;
    const backend = await this.#models.activate(run.plan.backend.name, options);
    const opened = asAsked(await this.#models.open(request.model, backend, options), request);
    if (opened.loaded.fingerprint === run.plan.model.fingerprint) {
      return withoutNeurons({ ...opened, loaded: asPlanned(opened.loaded, run.plan) }, run);
    }
    throw new PathlightError("run-unknown", "The model has changed on disk since this explanation was made.", {
      file: request.model.path,
      whatToDo: "Run it again.",
    });
  }

  async #integrate(
    run: Run,
    known: Run["integration"],
    loaded: LoadedModel,
    options: CallOptions,
  ): Promise<Explanation> {
    options.emit?.({ type: "stage", stage: "explaining", message: "Explaining" });
    this.#runs.put(run);
    run.status = "running";
    const { request, backend } = run.plan;
    // The workers know models of one file, as they are.
    const isPlain = decoderOf(run.plan) === null && run.ablated.length === 0;
    const pool = backend.name === "wasm" && isPlain ? this.#pool : undefined;
    const format = request.model.format ?? request.model.entry?.format;
    const letGo = pool?.use({ path: resolve(request.model.path), format, fingerprint: loaded.fingerprint });
    try {
      await integrateRun(run, known, loaded.model, {
        signal: options.signal,
        pool,
        onProgress: (running) => options.emit?.({ type: "progress", running }),
        onDraft: (running) => options.emit?.({ type: "draft", running, explanation: run.explanation(WARN_ABOVE) }),
      });
    } catch (error) {
      if (error instanceof PathlightError && error.code === "cancelled" && run.integration !== null) {
        run.status = "cancelled";
      } else {
        this.#runs.release(run.id);
      }
      throw error;
    } finally {
      letGo?.();
    }
    this.#runs.put(run);
    return run.explanation(WARN_ABOVE);
  }
}

function notOfAblated(): PathlightError {
  return new PathlightError("usage", "Edits are measured with the model as it is, not without some of its neurons.", {
    whatToDo: "Edit the text in the explanation that this one was made from.",
  });
}
