import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";

/** What a gradient is made into, dx → something else of the same shape. */
export const spoils = {
  "scaled by 1.1": (dx: tf.Tensor) => tf.mul(dx, 1.1),
  "shifted by a constant": (dx: tf.Tensor) => tf.add(dx, tf.mul(tf.mean(tf.abs(dx)), 0.5)),
  zeroed: (dx: tf.Tensor) => tf.zerosLike(dx),
  "with its last axis turned round": (dx: tf.Tensor) => tf.reverse(dx, dx.rank - 1),
  transposed: (dx: tf.Tensor) => (dx.rank === 4 ? tf.transpose(dx, [0, 2, 1, 3]) : tf.reverse(dx, dx.rank - 1)),
} as const satisfies Record<string, (dx: tf.Tensor) => tf.Tensor>;

type Spoil = (dx: tf.Tensor) => tf.Tensor;

/** Values as they are, and a gradient that is spoiled on its way back. */
function passing(x: tf.Tensor, spoil: Spoil): tf.Tensor {
  const pass = tf.customGrad((value) => {
    if (!(value instanceof tf.Tensor)) throw new Error("a tensor is wanted");
    return { value: tf.clone(value), gradFunc: (dy: tf.Tensor) => spoil(dy) };
  });
  return pass(x);
}

/** Runs `use` while one layer of a layers model, and no other, hands a spoiled gradient to what it reads. */
export async function withWrongLayer<T>(name: string, spoil: Spoil, use: () => Promise<T>): Promise<T> {
  const { prototype } = tfl.layers.Layer;
  const right = prototype.apply;
  prototype.apply = function apply(inputs, kwargs) {
    const spoiled = this.name === name && inputs instanceof tf.Tensor ? passing(inputs, spoil) : inputs;
    return right.call(this, spoiled, kwargs);
  };
  try {
    return await use();
  } finally {
    prototype.apply = right;
  }
}

/** Runs `use` while the gradient of a kernel is spoiled, where the shape of dy without its batch axis is the one given. */
export async function withWrongKernel<T>(
  kernelName: string,
  shape: readonly number[] | undefined,
  spoil: Spoil,
  use: () => Promise<T>,
): Promise<T> {
  const right = tf.getGradient(kernelName);
  const wrong: tf.GradConfig = {
    ...right,
    gradFunc: (dy, saved, attrs) => {
      const gradients = right.gradFunc(dy, saved, attrs);
      const here = !Array.isArray(dy) && (shape === undefined || dy.shape.slice(1).join() === shape.join());
      if (!here) return gradients;
      return Object.fromEntries(Object.entries(gradients).map(([key, derive]) => [key, () => spoil(derive())]));
    },
  };
  tf.unregisterGradient(kernelName);
  tf.registerGradient(wrong);
  try {
    return await use();
  } finally {
    tf.unregisterGradient(kernelName);
    tf.registerGradient(right);
  }
}
