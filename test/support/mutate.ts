import { seededRandom } from "../../src/common/random.ts";

/** Numbers that file formats stumble over: signs, ends of ranges, lengths that lie. */
const interesting = [0, 1, 0x7f, 0x80, 0xff, 0x00, 0x08, 0x12, 0x1a, 0x22];

/**
 * The same file damaged in `count` ways, from a seed: bits flipped, bytes set to what formats stumble over, pieces cut
 * out, doubled, moved or overwritten, and the end cut off. Every file differs from the original.
 */
export function* mutations(original: Uint8Array, seed: number, count: number): Generator<Uint8Array> {
  const random = seededRandom(seed);
  const below = (limit: number) => Math.floor(random() * Math.max(1, limit));
  // Damage early in a file hits its structure, late mostly its weights: half of it goes to the first and last kilobyte.
  const place = (length: number): number => {
    const kind = random();
    if (kind < 0.25) return below(Math.min(length, 1024));
    return kind < 0.5 ? length - 1 - below(Math.min(length, 1024)) : below(length);
  };
  for (let made = 0; made < count; ) {
    let bytes: Uint8Array = Uint8Array.from(original);
    const times = 1 + below(3);
    for (let i = 0; i < times; i++) bytes = damaged(bytes, place(bytes.length));
    if (Buffer.compare(bytes, original) === 0) continue;
    made++;
    yield bytes;
  }

  function damaged(bytes: Uint8Array, at: number): Uint8Array {
    const length = 1 + below(16);
    switch (below(7)) {
      case 0:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
        return bytes;
      case 1:
        bytes[at] = interesting[below(interesting.length)] ?? 0;
        return bytes;
      case 2:
        return bytes.subarray(0, at);
      case 3:
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
      case 4:
        return Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
      case 5:
        bytes.copyWithin(place(bytes.length), at, at + length);
        return bytes;
      default:
        for (let i = at; i < Math.min(at + length, bytes.length); i++) bytes[i] = below(256);
        return bytes;
    }
  }
}

/** How many damaged files a fuzz test tries: `PATHLIGHT_FUZZ` multiplies what is enough for every day. */
export function fuzzCount(everyDay: number): number {
  const factor = Number(process.env["PATHLIGHT_FUZZ"] ?? 1);
  return Math.ceil(everyDay * (Number.isFinite(factor) && factor > 0 ? factor : 1));
}
