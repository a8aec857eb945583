/** Where the TensorFlow.js form of a SavedModel goes unless the user says otherwise: beside it. */
export function convertedFolder(savedModel: string): string {
  return `${savedModel.replace(/[\\/]+$/, "")}-tfjs`;
}
