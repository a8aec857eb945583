import type { Hdf5Contents, Hdf5Dataset, Hdf5Job } from "./hdf5Contents.ts";

type H5 = typeof import("h5wasm");
type Module = NonNullable<H5["Module"]>;

/** A group or dataset takes several hundred bytes; more of them than these come from links in a circle. */
const bytesPerObject = 200;
const fewestObjects = 200;
/** How often progress is told. */
const progressMilliseconds = 100;
const deepest = 64;

/**
 * Reads all groups, datasets and text attributes. The file stands in WebAssembly's own memory: nothing on disk can be
 * reached from it, so that external links and external storage lead nowhere. Links of any kind but hard ones are
 * refused, as Keras does. Throws an error whose message says what is wrong.
 */
export function readContents(h5: H5, { bytes, skip, attributes }: Hdf5Job, progress: () => void): Hdf5Contents {
  const { Module: module, FS: files } = h5;
  if (module === null || files === null) throw new Error("The HDF5 library has not started");
  const name = "/model.h5";
  files.writeFile(name, bytes);
  let file: bigint | undefined;
  try {
    module.activate_throwing_error_handler();
    file = module.open(name, module.H5F_ACC_RDONLY, false, -1, -1);
    // Filters can make a dataset larger than its file, but no writer of models comes near this.
    const most = {
      bytes: 2 ** 26 + 8 * bytes.byteLength,
      objects: fewestObjects + Math.floor(bytes.byteLength / bytesPerObject),
    };
    return new Reader(module, file, most, { skip, attributes }, progress).read();
  } finally {
    if (file !== undefined) module.close_file(file);
    files.unlink(name);
  }
}

class Reader {
  readonly #module: Module;
  readonly #file: bigint;
  readonly #skip: ReadonlySet<string>;
  readonly #contents: Hdf5Contents = { groups: [], datasets: [], attributes: new Map() };
  readonly #wanted: readonly RegExp[];
  readonly #progress: () => void;
  readonly #left: { bytes: number; objects: number };
  #told = performance.now();

  constructor(
    module: Module,
    file: bigint,
    most: { bytes: number; objects: number },
    { skip, attributes }: Omit<Hdf5Job, "bytes">,
    progress: () => void,
  ) {
    this.#module = module;
    this.#file = file;
    this.#left = { ...most };
    this.#skip = new Set(skip.map((each) => `/${each}`));
    this.#wanted = attributes.map((name) => new RegExp(`^${name}\\d*$`));
    this.#progress = progress;
  }

  read(): Hdf5Contents {
    this.#group("/", 0);
    return this.#contents;
  }

  #group(path: string, depth: number): void {
    if (depth > deepest) throw new Error(`Groups are nested more than ${deepest} deep, or in a circle`);
    this.#contents.groups.push(path);
    this.#attributes(path);
    const names = this.#module.get_names(this.#file, path, false);
    for (const name of names) {
      const child = path === "/" ? `/${name}` : `${path}/${name}`;
      if (this.#skip.has(child)) continue;
      this.#count();
      const type = this.#module.get_type(this.#file, child);
      if (type === this.#module.H5G_GROUP) this.#group(child, depth + 1);
      else if (type === this.#module.H5G_DATASET) this.#contents.datasets.push(this.#dataset(child));
      else throw new Error(`${child} is a link or a type, neither a group nor a dataset`);
    }
  }

  #count(): void {
    this.#left.objects--;
    if (this.#left.objects < 0) throw new Error("More groups and datasets than the file could hold");
    if (performance.now() - this.#told < progressMilliseconds) return;
    this.#told = performance.now();
    this.#progress();
  }

  #attributes(path: string): void {
    if (this.#wanted.length === 0) return;
    const found = new Map<string, string | string[]>();
    for (const name of this.#module.get_attribute_names(this.#file, path)) {
      if (!this.#wanted.some((wanted) => wanted.test(name))) continue;
      const value = this.#text(path, name);
      if (value !== undefined) found.set(name, value);
    }
    if (found.size > 0) this.#contents.attributes.set(path, found);
  }

  /** A text attribute: one string, or a list of them; undefined for any other. */
  #text(path: string, name: string): string | string[] | undefined {
    const module = this.#module;
    const metadata = module.get_attribute_metadata(this.#file, path, name);
    if (metadata.type !== module.H5T_class_t.H5T_STRING.value || metadata.shape === null) return undefined;
    const bytes = metadata.size * metadata.total_size;
    this.#take(bytes, `${path} (${name})`);
    const pointer = module._malloc(bytes);
    if (pointer === 0) throw new Error(`There is no memory for the attribute ${name} of ${path}`);
    let read = false;
    try {
      read = module.get_attribute_data(this.#file, path, name, BigInt(pointer)) >= 0;
      if (!read) throw new Error(`The attribute ${name} of ${path} cannot be read`);
      const data = copied(module, pointer, bytes);
      const values: string[] = metadata.vlen
        ? [...new Uint32Array(data.buffer)].map((place) => this.#terminated(place))
        : Array.from({ length: metadata.total_size }, (_, i) =>
            decoded(data.subarray(i * metadata.size, (i + 1) * metadata.size)),
          );
      return metadata.shape.length === 0 ? (values[0] ?? "") : values;
    } finally {
      if (metadata.vlen && read) module.reclaim_vlen_memory(this.#file, path, name, BigInt(pointer));
      module._free(pointer);
    }
  }

  #terminated(pointer: number): string {
    const heap = this.#module.HEAPU8;
    const end = heap.indexOf(0, pointer);
    return pointer === 0 ? "" : decoded(heap.subarray(pointer, end < 0 ? heap.length : end));
  }

  #dataset(path: string): Hdf5Dataset {
    const module = this.#module;
    const metadata = module.get_dataset_metadata(this.#file, path);
    if (metadata.virtual_sources !== undefined) throw new Error(`${path} takes its values from other files`);
    const kinds = module.H5T_class_t;
    // HDF5 has no type for bfloat16, so that Keras writes opaque bytes and says what they are.
    const opaque = metadata.type === kinds.H5T_OPAQUE.value;
    const dtype = opaque ? this.#dtype(path) : undefined;
    const kind =
      metadata.type === kinds.H5T_FLOAT.value
        ? "float"
        : metadata.type === kinds.H5T_INTEGER.value
          ? "integer"
          : opaque && dtype === "bfloat16"
            ? "bytes"
            : "other";
    const { shape, size: width, littleEndian, signed } = metadata;
    const described = { path, kind, width, littleEndian, signed, ...(dtype === undefined ? {} : { dtype }) } as const;
    // Texts and structures are never weights; what they hold is not looked at.
    if (shape === null || kind === "other") return { ...described, kind: "other", shape: [], bytes: new Uint8Array() };
    const bytes = width * metadata.total_size;
    this.#take(bytes, path);
    return {
      ...described,
      shape: shape.map(Number),
      bytes: bytes === 0 ? new Uint8Array() : this.#values(path, bytes),
    };
  }

  #dtype(path: string): string | undefined {
    if (!this.#module.get_attribute_names(this.#file, path).includes("dtype")) return undefined;
    const text = this.#text(path, "dtype");
    return typeof text === "string" ? text : undefined;
  }

  #values(path: string, bytes: number): Uint8Array<ArrayBuffer> {
    const module = this.#module;
    const pointer = module._malloc(bytes);
    if (pointer === 0) throw new Error(`There is no memory for the ${bytes} bytes of ${path}`);
    try {
      const status = module.get_dataset_data(this.#file, path, null, null, null, BigInt(pointer));
      if (status < 0) throw new Error(`${path} cannot be read`);
      return copied(module, pointer, bytes);
    } finally {
      module._free(pointer);
    }
  }

  #take(bytes: number, what: string): void {
    if (!(bytes >= 0 && bytes <= this.#left.bytes)) {
      throw new Error(`${what} declares ${bytes} bytes, far more than the file could hold`);
    }
    this.#left.bytes -= bytes;
  }
}

function decoded(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** A part of WebAssembly's memory in a buffer of its own. */
function copied(module: Module, pointer: number, bytes: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  copy.set(module.HEAPU8.subarray(pointer, pointer + bytes));
  return copy;
}
