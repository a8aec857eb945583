import * as tf from "@tensorflow/tfjs-core";
import { gradient, savedTensor } from "./gradient.ts";

type Resize = (
  images: tf.Tensor4D,
  size: [number, number],
  alignCorners: boolean,
  halfPixelCenters: boolean,
) => tf.Tensor4D;

/**
 * ResizeBilinear and ResizeNearestNeighbor. tfjs gives a gradient of swapped height and width on the JavaScript backend,
 * and ignores half-pixel centres on all of them. Both ops are linear and separable: the backend's own forward op on the
 * identity gives the matrix of each axis, and the gradient is the product with their transposes.
 */
export const resizeBilinearGradient = resizeGradient(tf.ResizeBilinear, tf.image.resizeBilinear);
export const resizeNearestNeighborGradient = resizeGradient(tf.ResizeNearestNeighbor, tf.image.resizeNearestNeighbor);

function resizeGradient(kernelName: string, resize: Resize): tf.GradConfig {
  return gradient(kernelName, ["images"], (dy, saved, attrs) => {
    const images = savedTensor(saved, 0);
    const [batch = 1, height = 1, width = 1, channels = 1] = images.shape;
    const [, outHeight = 1, outWidth = 1] = dy.shape;
    /** [input, output]: column i holds the weights of output i. */
    const transposed = (input: number, output: number) => {
      const identity = tf.reshape<tf.Rank.R4>(tf.eye(input), [1, input, 1, input]);
      const columns = resize(identity, [output, 1], attrs["alignCorners"] === true, attrs["halfPixelCenters"] === true);
      return tf.transpose(tf.reshape(columns, [output, input]));
    };
    return {
      images: () => {
        const rows = multiplyEach(transposed(height, outHeight), dy, batch, outHeight, outWidth * channels);
        const both = multiplyEach(transposed(width, outWidth), rows, batch * height, outWidth, channels);
        return tf.reshape(both, images.shape);
      },
    };
  });
}

/** matrix × x[i] for every i, x taken as [count, rows, columns]. */
function multiplyEach(matrix: tf.Tensor, x: tf.Tensor, count: number, rows: number, columns: number): tf.Tensor {
  const [out = 1] = matrix.shape;
  const stacked = tf.reshape(tf.transpose(tf.reshape(x, [count, rows, columns]), [1, 0, 2]), [rows, count * columns]);
  return tf.transpose(tf.reshape(tf.matMul(matrix, stacked), [out, count, columns]), [1, 0, 2]);
}
