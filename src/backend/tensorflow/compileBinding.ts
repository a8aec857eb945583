import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { PathlightError } from "../../common/errors.ts";
import { canRun, run } from "../childProcess.ts";
import type { BindingSources } from "./binding.ts";
import type { Candidate } from "./candidate.ts";
import { libraryNames } from "./libraryFile.ts";

/** The first C++ compiler that starts: $CXX, g++, c++, clang++. */
export async function findCompiler(): Promise<string | undefined> {
  const own = process.env["CXX"];
  for (const compiler of [...(own === undefined || own === "" ? [] : [own]), "g++", "c++", "clang++"]) {
    if (await canRun(compiler)) return compiler;
  }
  return undefined;
}

/** The command that gives this machine a C++ compiler. */
export function compilerCommand(platform: NodeJS.Platform = process.platform): string {
  return platform === "darwin" ? "xcode-select --install" : "sudo apt-get install g++";
}

/**
 * Compiles tfjs-node's two C++ files against the headers and the library of a TensorFlow package into
 * `outFolder`/tfjs_binding.node. Takes seconds.
 *
 * @throws PathlightError `backend-unavailable` when the sources, the headers or a compiler are missing, or the compiler fails.
 */
export async function compileBinding(
  candidate: Candidate,
  sources: BindingSources | undefined,
  outFolder: string,
): Promise<void> {
  const names = libraryNames();
  if (sources === undefined || names === undefined) {
    throw new PathlightError("backend-unavailable", "The sources of the TensorFlow binding are not installed.", {
      expected: "the npm packages @tensorflow/tfjs-node and node-api-headers",
      whatToDo: "Run `npm install` in Pathlight's folder.",
    });
  }
  const include = join(candidate.folder, "include");
  const header = join(include, "tensorflow", "c", "c_api.h");
  if (!existsSync(header)) {
    throw new PathlightError(
      "backend-unavailable",
      "TensorFlow's library lies there without its headers, so the binding cannot be compiled.",
      {
        file: header,
        expected: "the folder of an installed TensorFlow package, which has them in `include`",
        whatToDo: "Name the folder of a whole package, for example …/site-packages/tensorflow.",
      },
    );
  }
  const compiler = await findCompiler();
  if (compiler === undefined) {
    throw new PathlightError("backend-unavailable", "There is no C++ compiler to build the TensorFlow binding with.", {
      expected: "g++, c++ or clang++ on PATH",
      whatToDo: `Run \`${compilerCommand()}\`, or use WebAssembly.`,
    });
  }
  await compile(compiler, candidate, [
    ...(process.platform === "darwin" ? ["-undefined", "dynamic_lookup"] : []),
    `-I${sources.nodeApi}`,
    `-I${include}`,
    // The files include each other as "../binding/…" in places.
    `-I${dirname(sources.cpp)}`,
    `-I${sources.cpp}`,
    join(sources.cpp, "tfjs_backend.cc"),
    join(sources.cpp, "tfjs_binding.cc"),
    join(candidate.folder, names.c),
    join(candidate.folder, names.framework),
    `-Wl,-rpath,${process.platform === "darwin" ? "@loader_path/tensorflow" : "$ORIGIN/tensorflow"}`,
    "-o",
    join(outFolder, "tfjs_binding.node"),
  ]);
  if (process.platform === "linux") {
    const source = join(sources.own, "quietStart.cc");
    await compile(compiler, candidate, [
      `-I${sources.nodeApi}`,
      source,
      "-ldl",
      "-o",
      join(outFolder, "quiet_start.node"),
    ]);
  }
}

async function compile(compiler: string, candidate: Candidate, args: readonly string[]): Promise<void> {
  const flags = "-O2 -std=c++17 -shared -fPIC -w -DNAPI_VERSION=8".split(" ");
  const { code, stderr, failure } = await run(compiler, [...flags, ...args], { timeoutMs: 300_000 });
  if (code === 0) return;
  const reason = failure ?? stderr.split("\n").find((line) => /error|undefined/.test(line)) ?? `exit ${code}`;
  const version = candidate.version === undefined ? "" : ` ${candidate.version}`;
  throw new PathlightError(
    "backend-unavailable",
    `The binding does not compile against TensorFlow${version}: ${reason.trim()}`,
    { file: candidate.folder, whatToDo: "Use another TensorFlow version, or WebAssembly." },
  );
}
