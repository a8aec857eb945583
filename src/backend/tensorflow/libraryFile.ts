import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";

/** File names of TensorFlow's C library in its Python package; undefined where the package holds none (Windows). */
export function libraryNames(
  platform: NodeJS.Platform = process.platform,
): { c: string; framework: string } | undefined {
  if (platform === "linux") return { c: "libtensorflow_cc.so.2", framework: "libtensorflow_framework.so.2" };
  if (platform === "darwin") return { c: "libtensorflow_cc.2.dylib", framework: "libtensorflow_framework.2.dylib" };
  return undefined;
}

/** The folder at or under `folder` that holds the library: the folder itself, an installed package in it, or its `lib`. */
export function libraryFolderIn(folder: string, platform: NodeJS.Platform = process.platform): string | undefined {
  const names = libraryNames(platform);
  if (names === undefined) return undefined;
  return [folder, join(folder, "tensorflow"), join(folder, "lib")].find((place) => existsSync(join(place, names.c)));
}

const elfMachines: Partial<Record<NodeJS.Architecture, number>> = { x64: 62, arm64: 183 };

/**
 * Why a file cannot be a shared library for this machine, read from its ELF header, or undefined when nothing speaks
 * against it. Loading a library that was cut short kills the process, so this comes first. Other formats: only that
 * the file is not text.
 */
export function libraryDefect(file: string, arch: NodeJS.Architecture = process.arch): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  try {
    const size = fstatSync(descriptor).size;
    const header = Buffer.alloc(64);
    if (readSync(descriptor, header, 0, 64, 0) < 64) return `a file of ${size} bytes, too short for a shared library`;
    const magic = header.readUInt32BE(0);
    // Mach-O, 64 bit or universal: the loader checks the rest.
    if (magic === 0xcffaedfe || magic === 0xcafebabe) return undefined;
    if (magic !== 0x7f454c46) return "a file that is not a shared library";
    if (header[4] !== 2 || header[5] !== 1) return "a library that is not 64 bit";
    const machine = header.readUInt16LE(18);
    const expected = elfMachines[arch];
    if (expected !== undefined && machine !== expected)
      return `a library for another processor (ELF machine ${machine}, not ${arch})`;
    // e_shoff + e_shentsize · e_shnum: the section table is the last thing in the file.
    const end = Number(header.readBigUInt64LE(40)) + header.readUInt16LE(58) * header.readUInt16LE(60);
    if (end > size) return `a file cut short: ${size} bytes of ${end}`;
    return undefined;
  } finally {
    closeSync(descriptor);
  }
}
