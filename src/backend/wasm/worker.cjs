// One thread of tfjs's WebAssembly build. tfjs ships this worker as text for browsers; under Node it lacks a way to load
// the module it works for, which is given to it here before it runs.
const path = require("node:path");
const { workerData } = require("node:worker_threads");

const file = (name) => path.join(workerData.folder, `tfjs-backend-wasm-threaded-simd${name}`);
const { wasmWorkerContents } = require(file(".worker.js"));
globalThis.WasmBackendModuleThreadedSimd = require(file(".js"));
// The text was written to be put in a string once more: its line ends are two characters.
new Function("require", "__filename", wasmWorkerContents.replaceAll("\n", "\\n"))(require, __filename);
globalThis.importScripts = () => {};
