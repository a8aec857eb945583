import * as tf from "@tensorflow/tfjs-core";
import { PathlightError } from "../common/errors.ts";
import { freeSpentGradients, keepWhatIsRead, ownGradient, passOnMovability } from "./leanTape.ts";
import { notDifferentiable } from "./repairs/notDifferentiable.ts";

/** Piecewise constant: tfjs gives them a gradient of zero (for FloorDiv a wrong one), which would end a path unseen. */
export const stepOps: ReadonlySet<string> = new Set(["Floor", "Ceil", "Round", "Sign", "Step", "FloorDiv"]);

/** True while `tf.grad` and its kin record what is computed. */
export function isRecording(): boolean {
  return tf.engine().state.gradientDepth > 0;
}

/** A tensor with the same values that the tape does not connect with what they were computed from. */
export function detached(tensor: tf.Tensor): tf.Tensor {
  return isRecording() ? tf.tensor(tensor.dataSync(), tensor.shape, tensor.dtype) : tensor;
}

export function tapeLength(): number {
  return isRecording() ? tf.engine().state.activeTape.length : 0;
}

/** What guarded entries put out. */
const guardedOutputs = new WeakSet<tf.Tensor>();

/** A node that the gradient cannot pass. */
export interface Refusal {
  readonly node: string;
  readonly op: string;
}

let refusals: Refusal[] | undefined;

/**
 * For looking, not for explaining: while `task` runs, a node that the gradient cannot pass is noted instead of refused,
 * and ones go on above it, so that the nodes before it are found too. What gradients come out is meaningless.
 */
export function collectRefusals(task: () => void): Refusal[] {
  const found: Refusal[] = [];
  refusals = found;
  try {
    task();
  } finally {
    refusals = undefined;
  }
  return found;
}

type TapeNode = ReturnType<typeof tf.engine>["state"]["activeTape"][number];

/**
 * Ties the tape entries from `start` on to nodes of the model, so that a gradient that cannot pass is refused with the
 * name of the node it stopped at, and never becomes a silent zero:
 * - an op without a gradient;
 * - what made a tensor of integers or booleans on the way from the explained input to the score (int casts,
 *   comparisons), unless what arrives there from the score is exactly zero, as for the condition of `where`.
 * And lets go of what no gradient will read: what has been fed must have been given to `markMovable` before.
 */
export function guardTape(start: number, nameOf: (entry: TapeNode) => string): void {
  const tape = tf.engine().state.activeTape;
  for (let i = start; i < tape.length; i++) {
    const entry = tape[i];
    if (entry !== undefined) guardEntry(entry, nameOf(entry));
  }
}

/** For entries that are guarded already, or stand between guarded ones: only passes on what can move. */
export function traceTape(start: number): void {
  for (const entry of tf.engine().state.activeTape.slice(start)) passOnMovability(entry);
}

/** Frees what entries from `start` on have saved and forgets them. For use when the computation of a model threw. */
export function rollbackTape(start: number): void {
  if (!isRecording()) return;
  for (const entry of tf.engine().state.activeTape.splice(start)) disposeSaved(entry);
}

function guardEntry(entry: TapeNode, name: string): void {
  const gradient = entry.gradient;
  const op = entry.kernelName;
  for (const output of entry.outputs) guardedOutputs.add(output);
  keepWhatIsRead(entry);
  entry.gradient = (dys) => {
    freeSpentGradients(dys);
    try {
      if (gradient === undefined || stepOps.has(op) || entry.outputs.every((output) => output.dtype !== "float32")) {
        return onlyZero(entry, dys, name, op);
      }
      return guardInputs(entry, gradient(dys), dys, name, op);
    } catch (cause) {
      if (note(named(cause, name, op), name, op)) return onwards(entry);
      releaseTape();
      throw named(cause, name, op);
    }
  };
}

/** Gradients of an entry, where each one with respect to integers or booleans must be zero in the end. */
function guardInputs(
  entry: TapeNode,
  gradients: Record<string, () => tf.Tensor>,
  dys: readonly tf.Tensor[],
  name: string,
  op: string,
): Record<string, () => tf.Tensor> {
  const guarded: Record<string, () => tf.Tensor> = {};
  for (const [key, input] of Object.entries(entry.inputs)) {
    guarded[key] = () => {
      try {
        const gradient = gradients[key];
        if (gradient === undefined) throw notDifferentiable(name, op);
        if (input.dtype === "float32" || input.dtype === "complex64") return ownGradient(gradient(), dys);
        const zero = (op === "Select" && key === "condition") || dys.every((dy) => isZero(dy));
        if (zero) return tf.zeros(input.shape);
        // Handed on as not zero, to be refused under the name of what made these integers.
        if (guardedOutputs.has(input)) return tf.ones(input.shape);
        throw notDifferentiable(name, op);
      } catch (cause) {
        if (note(named(cause, name, op), name, op)) return beyond(input);
        releaseTape();
        throw named(cause, name, op);
      }
    };
  }
  return guarded;
}

/** An entry that has no derivative passes zero on where zero arrives (chain rule), and refuses everything else. */
function onlyZero(entry: TapeNode, dys: tf.Tensor[], name: string, op: string): Record<string, () => tf.Tensor> {
  if (!dys.every((dy) => dy === null || isZero(dy))) throw notDifferentiable(name, op);
  return Object.fromEntries(Object.entries(entry.inputs).map(([key, input]) => [key, () => tf.zeros(input.shape)]));
}

/** True when the error is a refusal that is only to be noted. */
function note(error: unknown, node: string, op: string): boolean {
  if (refusals === undefined || !(error instanceof PathlightError) || error.code !== "model-not-differentiable") {
    return false;
  }
  if (!refusals.some((refusal) => refusal.node === node)) refusals.push({ node, op });
  return true;
}

function onwards(entry: TapeNode): Record<string, () => tf.Tensor> {
  return Object.fromEntries(Object.entries(entry.inputs).map(([key, input]) => [key, () => beyond(input)]));
}

/** Above integers nothing is looked for: what they are made from does not reach the score. */
function beyond(input: tf.Tensor): tf.Tensor {
  return input.dtype === "float32" ? tf.ones(input.shape) : tf.zeros(input.shape);
}

function isZero(tensor: tf.Tensor): boolean {
  return tensor.dataSync().every((value) => value === 0);
}

function named(cause: unknown, name: string, op: string): unknown {
  if (cause instanceof PathlightError) {
    return cause.details.found === undefined && cause.code === "model-not-differentiable"
      ? notDifferentiable(name, op, cause)
      : cause;
  }
  const message = cause instanceof Error ? cause.message : "";
  // What tfjs says for what it cannot differentiate; anything else (memory, a broken backend) keeps its own words.
  const cannot = /gradient|not registered for backend|not yet supported|must be.*rank/i.test(message);
  return cannot ? notDifferentiable(name, op, cause) : cause;
}

/** After a failure in the outermost backward pass nobody else frees what the tape has kept. */
function releaseTape(): void {
  const { state } = tf.engine();
  if (state.gradientDepth === 0) for (const entry of state.activeTape.splice(0)) disposeSaved(entry);
}

function disposeSaved(entry: TapeNode): void {
  for (const tensor of entry.saved ?? []) if (!tensor.isDisposed) tensor.dispose();
}

/** Runs `work` as if no gradient were being recorded, for values that the explained input cannot change. */
export function withoutTape<T>(work: () => T): T {
  const { state } = tf.engine();
  const depth = state.gradientDepth;
  state.gradientDepth = 0;
  try {
    return work();
  } finally {
    state.gradientDepth = depth;
  }
}
