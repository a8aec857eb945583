import type { EmbeddingSpec, NodeSpec } from "../engine/port.ts";
import { type CompanionRole, companionRole } from "../protocol/companionRole.ts";
import type { Token } from "../protocol/explanation.ts";
import type { ManifestInput } from "../protocol/manifest.ts";
import type { PreparedSample } from "../samples/index.ts";

/**
 * Inputs that follow from a text, by the names that exporters give them; only beside an input of token ids. They are
 * filled in where no sample is given for them, and never explained, also where they have an embedding of their own.
 */
export function companionsOf(
  inputs: readonly Pick<NodeSpec, "id" | "shape">[],
  embeddings: readonly Pick<EmbeddingSpec, "input">[],
): ReadonlyMap<string, CompanionRole> {
  const found = new Map<string, CompanionRole>();
  for (const { id } of inputs) {
    const role = companionRole(id);
    if (role !== null) found.set(id, role);
  }
  return embeddings.some(({ input }) => !found.has(input)) ? found : new Map();
}

/** Of one sequence that the model reads. */
function valuesOf(
  role: CompanionRole,
  { tokens, types }: { readonly tokens: readonly Token[]; readonly types?: Int32Array | undefined },
  offset: number | undefined,
): Int32Array {
  switch (role) {
    case "mask":
      return Int32Array.from(tokens, ({ special }) => (special === "pad" ? 0 : 1));
    case "types":
      return types?.slice() ?? new Int32Array(tokens.length);
    case "positions": {
      if (offset === undefined) return Int32Array.from(tokens, (_, position) => position);
      let next = offset;
      return Int32Array.from(tokens, ({ special }) => (special === "pad" ? Math.max(0, offset - 1) : next++));
    }
  }
}

export interface Companion {
  readonly prepared: PreparedSample;
  /** A sentence for the user. */
  readonly note: string;
}

/**
 * A companion of the shape of the text, [positions], or of its windows, [windows, positions]; `input`: what the manifest
 * says of the text.
 */
export function fillCompanion(
  name: string,
  role: CompanionRole,
  text: PreparedSample & { kind: "text" },
  input: ManifestInput | undefined,
): Companion {
  const { windows, encoded } = text;
  const { types } = encoded;
  const offset = input?.kind === "text" ? input.positionOffset : undefined;
  const rows =
    windows === undefined
      ? [valuesOf(role, encoded, offset)]
      : windows.places.map((places) => {
          const tokens = Array.from(places, (place) => encoded.tokens[place] as Token);
          return valuesOf(role, { tokens, types: types && places.map((place) => types[place] ?? 0) }, offset);
        });
  const says: Readonly<Record<CompanionRole, string>> = {
    mask: "1 for each token, 0 for padding",
    types: types?.some((type) => type !== 0)
      ? "the token types of the tokenizer, which tell the texts apart"
      : "0 everywhere",
    positions:
      offset === undefined
        ? "0, 1, 2 and so on"
        : `${offset}, ${offset + 1} and so on, ${Math.max(0, offset - 1)} for padding`,
  };
  return {
    prepared: {
      kind: "tensor",
      tensor: {
        shape: windows === undefined ? [...text.tensor.shape] : [rows.length, windows.length],
        data: Int32Array.from(rows.flatMap((row) => [...row])),
      },
      notes: [],
      info: text.info,
    },
    note: `The input ${name} was filled in from the text: ${says[role]}. It is held, not explained.`,
  };
}
