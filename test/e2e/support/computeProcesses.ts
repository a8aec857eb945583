import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import type { WorkbenchServer } from "../../../scripts/workbench/server.ts";

/** Pids of the compute processes of one workbench: its home folder stands in their environment. */
export function computeProcesses(server: WorkbenchServer): number[] {
  return processes()
    .filter(({ text }) => /dist[\\/]compute\.js/.test(text) && text.includes(`HOME=${server.folder}`))
    .map(({ pid }) => pid);
}

interface Process {
  readonly pid: number;
  /** Command line and environment. */
  readonly text: string;
}

function processes(): Process[] {
  if (process.platform !== "linux") {
    const lines = execFileSync("ps", ["-A", "-E", "-ww", "-o", "pid=,command="], { encoding: "utf8" }).split("\n");
    return lines.map((line) => ({ pid: Number.parseInt(line, 10), text: line }));
  }
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const read = (file: string): string => readFileSync(`/proc/${name}/${file}`, "utf8");
      return [{ pid: Number(name), text: `${read("cmdline")}\0${read("environ")}` }];
    } catch {
      // Ended meanwhile, or somebody else's.
      return [];
    }
  });
}
