export {
  availableBaselines,
  type BaselineChoice,
  type BaselineContext,
  type EmbeddingFill,
  type PreparedBaseline,
  prepareBaseline,
} from "./baselines.ts";
export type { DecodedImage } from "./image/decodedImage.ts";
export { type EncodedPicture, encodeImage, encodePicture } from "./image/encodePicture.ts";
export { blurredImage, meanOfImages, uniformImage } from "./image/imageBaselines.ts";
export { imageLayout, type Layout } from "./image/imageLayout.ts";
export { loadImage, maxPixels } from "./image/loadImage.ts";
export type { PreparedImage } from "./image/preparedImage.ts";
export { prepareImage } from "./image/prepareImage.ts";
export { sumOverChannels } from "./image/sumOverChannels.ts";
export { findDataset } from "./manifest/findDataset.ts";
export { type InferredModel, inferManifestModel, type UnknownModel } from "./manifest/inferManifestModel.ts";
export { readLabels } from "./manifest/readLabels.ts";
export { findManifest, findModelEntry, type ManifestFile, readManifest } from "./manifest/readManifest.ts";
export { type NpyArray, parseNpy, readNpy } from "./npy/readNpy.ts";
export { npyBytes, writeNpy } from "./npy/writeNpy.ts";
export { elementCount, type NumericTensor, shapeText } from "./numericTensor.ts";
export type { Prepared, PreparedSample, PreparedTensor, PreparedText, SampleInfo } from "./prepared.ts";
export { prepareSample, type SampleContext } from "./prepareSample.ts";
export { type RowOptions, type RowText, type RowValues, readRow, readRowValues } from "./rows/readRow.ts";
export { type DataRow, readRows } from "./rows/readRows.ts";
export { createTokenizer } from "./tokenizer/createTokenizer.ts";
export type { Encoded, PadSide, Tokenizer } from "./tokenizer/tokenizer.ts";
