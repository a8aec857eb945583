/** One axis that is resized. */
export interface Resampling {
  readonly input: number;
  readonly output: number;
  /** Output over input, as the node gives it: `output` is rounded. */
  readonly scale: number;
  /** ONNX's coordinate_transformation_mode. */
  readonly centres: string;
}

const f32 = Math.fround;

/**
 * Where the i-th entry of the output lies among those of the input, in float32 as onnxruntime computes it, since a
 * floor may follow. https://onnx.ai/onnx/operators/onnx__Resize.html
 */
export function placeInInput({ input, output, scale, centres }: Resampling, i: number): number {
  switch (centres) {
    case "align_corners":
      return output === 1 ? 0 : f32(f32(i * (input - 1)) / (output - 1));
    case "asymmetric":
      return f32(i / scale);
    case "pytorch_half_pixel":
      return output > 1 ? halfPixel(i, scale) : 0;
    case "half_pixel_symmetric": {
      const adjustment = f32(output / f32(scale * input));
      const offset = f32(f32(input / 2) * f32(1 - adjustment));
      return f32(offset + halfPixel(i, scale));
    }
    default:
      return halfPixel(i, scale);
  }
}

function halfPixel(i: number, scale: number): number {
  return f32(f32((i + 0.5) / scale) - 0.5);
}

/** Undefined where the rule is not known. `simple` is that of operator sets before 11. */
export function nearestTo(place: number, rule: string, smaller: boolean): number | undefined {
  switch (rule) {
    case "round_prefer_floor":
      return place === Math.floor(place) + 0.5 ? Math.floor(place) : Math.round(place);
    case "round_prefer_ceil":
      return Math.round(place);
    case "floor":
      return Math.floor(place);
    case "ceil":
      return Math.ceil(place);
    case "simple":
      return smaller ? Math.ceil(place) : Math.floor(place);
    default:
      return undefined;
  }
}
