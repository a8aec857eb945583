export { activateBackend } from "./activate.ts";
export type { BackendInfo, BackendName, BackendOptions, BackendPreference } from "./backendInfo.ts";
export { backendNames } from "./backendInfo.ts";
export { installTensorFlow } from "./tensorflow/install.ts";
