import * as tf from "@tensorflow/tfjs-core";

type TapeNode = ReturnType<typeof tf.engine>["state"]["activeTape"][number];

/** Kernels whose gradient reads of what it has saved nothing but the shape. */
const shapesOnly: ReadonlySet<string> = new Set([
  ...[tf.Add, tf.Sub, tf.Sum, tf.Mean, tf.Reshape, tf.ExpandDims, tf.Slice, tf.StridedSlice, tf.PadV2, tf.MirrorPad],
  ...[tf.Concat, tf.Pack, tf.Tile, tf.ResizeBilinear, tf.ResizeNearestNeighbor],
]);

/** Kernels of two inputs where the gradient of each reads the other only; of itself it reads the shape. */
const otherOnly: Readonly<Record<string, readonly [string, string]>> = {
  [tf.Multiply]: ["a", "b"],
  [tf.BatchMatMul]: ["a", "b"],
  [tf.Conv2D]: ["x", "filter"],
  [tf.DepthwiseConv2dNative]: ["x", "filter"],
  [tf.Conv3D]: ["x", "filter"],
};

/** Tensors that what is explained can change: feeds, and what is computed from them. */
const movable = new WeakSet<tf.Tensor>();

/** Says that gradients may be asked for with respect to these tensors. To be called before an op reads them. */
export function markMovable(tensors: Iterable<tf.Tensor>): void {
  for (const tensor of tensors) movable.add(tensor);
}

/** Whether an entry computes with what can move; what it puts out can move then, too. */
export function passOnMovability(entry: TapeNode): boolean {
  const moves = Object.values(entry.inputs).some((input) => movable.has(input));
  if (moves) markMovable(entry.outputs);
  return moves;
}

/**
 * Lets go of what an entry of the tape has saved and its gradient will not read: tensors of which it only wants the
 * shape, activations that stand beside a weight (they would be wanted for the gradient of the weight), and everything
 * where nothing moves. The tape of a transformer holds a third of what it would otherwise. In their place stands a shape
 * without numbers; a gradient that reads it fails, it does not come out wrong.
 */
export function keepWhatIsRead(entry: TapeNode): void {
  const { saved, kernelName, inputs } = entry;
  if (saved === undefined) return;
  if (!passOnMovability(entry) || shapesOnly.has(kernelName)) {
    for (const index of saved.keys()) forget(saved, index);
    return;
  }
  if (kernelName === tf.RealDiv) {
    // x / c needs c only; the gradient of c would need x.
    if (!isMovable(inputs["b"])) forget(saved, 0);
    return;
  }
  const names = otherOnly[kernelName];
  if (names === undefined) return;
  names.forEach((_, index) => {
    const other = names[1 - index];
    if (other !== undefined && !isMovable(inputs[other])) forget(saved, index);
  });
}

function isMovable(tensor: tf.Tensor | undefined): boolean {
  return tensor !== undefined && movable.has(tensor);
}

function forget(saved: tf.Tensor[], index: number): void {
  const tensor = saved[index];
  if (tensor === undefined || tensor.isDisposed) return;
  saved[index] = withoutNumbers(tensor);
  tensor.dispose();
}

/** The shape and type of a tensor. It owns nothing, so that disposing it does nothing. */
function withoutNumbers({ shape, dtype, size, strides, rankType }: tf.Tensor): tf.Tensor {
  const ghost: tf.Tensor = Object.create(tf.Tensor.prototype);
  return Object.assign(ghost, { shape, dtype, size, strides, rankType, isDisposedInternal: false, dispose: () => {} });
}

/** Gradients that guarded entries have put out, which nobody holds but tfjs's own backward pass. */
const gradients = new WeakSet<tf.Tensor>();
let spent: readonly tf.Tensor[] = [];

/**
 * Frees the gradients that the entry before has used up: tfjs keeps those of all values until the end of a backward
 * pass. `dys` are the ones of the entry that is about to use its own. Not inside of an outer gradient, which reads them.
 */
export function freeSpentGradients(dys: readonly (tf.Tensor | null)[]): void {
  for (const dy of spent) if (!dy.isDisposed) dy.dispose();
  const outermost = tf.engine().state.gradientDepth === 0;
  spent = outermost ? dys.filter((dy) => dy !== null && gradients.has(dy)).filter((dy) => dy !== null) : [];
}

/** Marks the gradient of an entry's input as freeable; `dys` are the entry's own, which must not be handed on as they are. */
export function ownGradient(gradient: tf.Tensor, dys: readonly (tf.Tensor | null)[]): tf.Tensor {
  const own = dys.includes(gradient) ? tf.clone(gradient) : gradient;
  gradients.add(own);
  return own;
}
