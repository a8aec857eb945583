import type { DoctorPlace, DoctorReport } from "./doctor.ts";
import type { SearchPlace } from "./tensorflow/candidate.ts";

const placeTitles: Readonly<Record<SearchPlace, string>> = {
  setting: "Setting",
  python: "Python environment",
  download: "Pathlight's download",
  "tfjs-node": "tfjs-node's download",
};

const marks: Readonly<Record<DoctorPlace["status"], string>> = { usable: "✓", broken: "✗", missing: "–" };

const chosenTitles: Readonly<Record<DoctorReport["chosen"], string>> = {
  tensorflow: "TensorFlow",
  wasm: "WebAssembly",
  cpu: "plain JavaScript",
};

/** The report as lines for a terminal. */
export function formatDoctor(report: DoctorReport): string {
  const used = report.places.find(({ status }) => status === "usable");
  const chosen =
    used === undefined
      ? chosenTitles[report.chosen]
      : `TensorFlow ${used.version} on ${used.device}, from ${used.folder}`;
  const lines = [
    `Pathlight computes with ${chosen}.`,
    "",
    "TensorFlow, in the order of the search:",
    ...report.places.map(placeLine),
    "",
    "What it needs:",
    `  ${mark(report.prebuiltBinding || report.compiler !== null)} binding: ${bindingText(report)}`,
    `  ${mark(report.pip !== null)} pip: ${report.pip ?? "no Python with pip"}`,
    `  ${mark(report.wasmFolder !== null)} WebAssembly: ${report.wasmFolder ?? "its files are missing"}`,
    `  ${marks.usable} Node ${report.node} on ${report.platform}, cache in ${report.cacheFolder}`,
  ];
  if (report.fixes.length > 0) lines.push("", "What would help:");
  for (const { problem, command } of report.fixes) lines.push(`  ${problem}`, `    ${command}`);
  return `${lines.join("\n")}\n`;
}

function placeLine({ place, searched, status, folder, version, device, problem }: DoctorPlace): string {
  const found =
    status === "usable" ? `TensorFlow ${version} (${device}) in ${folder}` : `${folder ?? searched}: ${problem}`;
  return `  ${marks[status]} ${placeTitles[place]}: ${found}`;
}

function bindingText({ prebuiltBinding, compiler }: DoctorReport): string {
  if (prebuiltBinding) return "came with the package";
  return compiler === null ? "no C++ compiler to build it with" : `built with ${compiler}`;
}

function mark(good: boolean): string {
  return good ? marks.usable : marks.missing;
}
