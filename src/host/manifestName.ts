export const MANIFEST_NAME = "pathlight.json";
