export { exportAblation } from "./ablationFile.ts";
export { checkOutputFolder } from "./atomicFiles.ts";
export { writeAudit } from "./auditFile.ts";
export { type ExportContent, exportAll } from "./exportAll.ts";
export { layersText, writeLayers } from "./layersFile.ts";
export { exportNeurons } from "./neuronsFile.ts";
