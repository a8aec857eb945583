import type { DoctorReport as Diagnosis } from "../backend/index.ts";
import type { DoctorCheck, DoctorReport } from "../protocol/compute.ts";
import type { BackendInfo } from "../protocol/explanation.ts";

const placeNames: Record<Diagnosis["places"][number]["place"], string> = {
  setting: "Setting",
  python: "Python environment",
  download: "Own download",
  "tfjs-node": "tfjs-node",
};

/** What the doctor found, as the editor lists it: one line a place, then what would help. */
export function doctorView(diagnosis: Diagnosis, active: BackendInfo | null): DoctorReport {
  const places = diagnosis.places.map((place): DoctorCheck => {
    const name = `TensorFlow: ${placeNames[place.place]}`;
    if (place.status === "usable") {
      const parts = [place.version, place.device, place.folder].filter((part) => part !== undefined);
      return { name, state: "ok", found: parts.join(" · ") };
    }
    if (place.status === "missing") return { name, state: "missing", found: `Nothing in ${place.searched}` };
    return {
      name,
      state: "broken",
      found: [place.folder, place.problem].filter((part) => part !== undefined).join(": "),
    };
  });
  const fixes = diagnosis.fixes.map(
    ({ problem, command }): DoctorCheck => ({ name: "What would help", state: "info", found: problem, fix: command }),
  );
  const wasm: DoctorCheck = {
    name: "WebAssembly",
    state: diagnosis.wasmFolder === null ? "missing" : "ok",
    found: diagnosis.wasmFolder ?? "The files of the WebAssembly backend are missing.",
  };
  const usable = diagnosis.places.some(({ status }) => status === "usable");
  return {
    active,
    available: [
      ...(usable ? ["tensorflow" as const] : []),
      ...(diagnosis.wasmFolder === null ? [] : ["wasm" as const]),
      "cpu",
    ],
    checks: [...places, wasm, ...fixes],
  };
}
