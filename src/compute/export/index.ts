export { checkOutputFolder } from "./atomicFiles.ts";
export { type ExportContent, exportAll } from "./exportAll.ts";
