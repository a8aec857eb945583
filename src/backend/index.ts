export { activateBackend } from "./activate.ts";
export type { BackendInfo, BackendName, BackendOptions, BackendPreference } from "./backendInfo.ts";
export { backendNames } from "./backendInfo.ts";
export type { DoctorFix, DoctorPlace, DoctorReport } from "./doctor.ts";
export { availableBackends, doctor } from "./doctor.ts";
export { formatDoctor } from "./formatDoctor.ts";
export { type Conversion, type ConvertOptions, convertSavedModel } from "./tensorflow/convertSavedModel.ts";
export { installTensorFlow } from "./tensorflow/install.ts";
