import type { Patch, PatchGrid } from "../protocol/neurons.ts";
import type { AskedPatch } from "./askedPatch.ts";
import { neuronsSpec } from "./commands/neuronsSpec.ts";
import { type ExplainFlags, readExplainFlags } from "./explainFlags.ts";
import { numberList, rectangle } from "./neuronList.ts";
import { wholeNumber } from "./optionValues.ts";
import { parseOptions } from "./parseOptions.ts";
import { usageError } from "./usageError.ts";

/** What `pathlight neurons` was told beside what is explained. */
export interface NeuronsFlags extends ExplainFlags {
  /** List the layers; then `layer` is empty. */
  readonly layers: boolean;
  readonly layer: readonly string[];
  readonly axis: number | undefined;
  readonly patches: readonly AskedPatch[];
  readonly grid: PatchGrid | null;
  readonly top: number;
}

const MOST_PATCHES = 1024;
/** Sides of a grid. */
const MOST_SIDE = 64;

/** @throws PathlightError `usage`, `target-invalid` */
export function readNeuronsFlags(args: readonly string[]): NeuronsFlags {
  const options = parseOptions(args, neuronsSpec);
  const layers = options.has("layers");
  const flags = readExplainFlags(args, neuronsSpec, layers ? "optional" : "required");
  const layer = options.values("layer");
  const [axis, grid, top] = ["axis", "grid", "top"].map((name) => options.value(name));
  if (layers) {
    const others = ["layer", "axis", "patch", "grid", "tokens", "features", "top"];
    const other = others.find((name) => options.has(name));
    if (other !== undefined) {
      throw usageError(`--layers and --${other} are given together.`, {
        expected: "--layers to list all layers, or --layer for the neurons of one",
        whatToDo: "Leave one of the two out.",
      });
    }
  } else if (layer.length === 0 || layer.includes("")) {
    throw usageError("Option --layer is missing.", {
      expected: "--layer NODE, the layer whose neurons are looked into",
      whatToDo: "List the layers with --layers.",
    });
  }
  const patches: AskedPatch[] = [
    ...options
      .values("patch")
      .map((text): Patch => ({ name: text, region: { kind: "rectangle", ...rectangle(text) } })),
    ...options.values("tokens").map(tokensPatch),
    ...options.values("features").map((text) => ({ name: `features ${text}`, features: text })),
  ];
  if (patches.length > MOST_PATCHES) {
    throw usageError("There are too many patches.", {
      expected: `at most ${MOST_PATCHES}`,
      found: `${patches.length}`,
    });
  }
  return {
    ...flags,
    layers,
    layer,
    axis: axis === undefined ? undefined : wholeNumber("axis", axis, 0, 16),
    patches,
    grid: grid === undefined ? null : gridOf(grid),
    top: top === undefined ? 10 : wholeNumber("top", top, 1, 1_000_000),
  };
}

/** @throws PathlightError `usage` */
export function tokensPatch(text: string): Patch {
  const tokens = numberList(text);
  if (tokens !== null) return { name: `tokens ${text}`, region: { kind: "tokens", tokens } };
  throw usageError("--tokens does not fit.", {
    expected: "numbers and ranges such as 3-7 or 0,4,5",
    found: `"${text}"`,
  });
}

function gridOf(text: string): PatchGrid {
  const [, rows, columns] = /^\s*(\d+)\s*[xX×]\s*(\d+)\s*$/.exec(text) ?? [];
  const grid = { rows: Number(rows), columns: Number(columns) };
  if (grid.rows >= 1 && grid.columns >= 1 && grid.rows <= MOST_SIDE && grid.columns <= MOST_SIDE) return grid;
  throw usageError("--grid does not fit.", {
    expected: `ROWSxCOLUMNS, such as 7x7, each from 1 to ${MOST_SIDE}`,
    found: `"${text}"`,
  });
}
