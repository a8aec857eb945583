import { seededRandom } from "../../../src/common/random.ts";
import type { Example } from "./paths.ts";

const features = 12;
type Vector = readonly number[];

export const families = {
  polynomial: (random: Random): Example => {
    const [w, u, x] = [random.vector(1), random.vector(0.4), random.vector(1)];
    const degree = 1 + Math.floor(random.uniform() * 6);
    return {
      x,
      baseline: random.vector(0.3),
      f: (p) =>
        dot(
          w,
          p.map((v) => v ** degree),
        ) +
        dot(u, p) ** 2,
      gradient: (p) => p.map((v, i) => (w[i] ?? 0) * degree * v ** (degree - 1) + 2 * dot(u, p) * (u[i] ?? 0)),
    };
  },
  saturatingRelu: (random: Random): Example => {
    const [w, x] = [random.vector(1), random.vector(1).map((v) => 1 + Math.abs(v))];
    const limit = x.map((v) => v * (0.1 + 1.2 * random.uniform()));
    return {
      x,
      baseline: zeros,
      f: (p) =>
        dot(
          w,
          p.map((v, i) => (limit[i] ?? 0) - Math.max(0, (limit[i] ?? 0) - v)),
        ),
      gradient: (p) => p.map((v, i) => (v < (limit[i] ?? 0) ? (w[i] ?? 0) : 0)),
      bends: x.map((v, i) => (limit[i] ?? 0) / v),
    };
  },
  minimumAndMaximum: (random: Random): Example => {
    const rows = Array.from({ length: 6 }, () => ({ w: random.vector(1), b: random.vector(1)[0] ?? 0 }));
    const value = (k: number, p: Vector): number => dot(rows[k]?.w ?? [], p) + (rows[k]?.b ?? 0);
    const best = (ks: readonly number[], sign: number, p: Vector): number =>
      ks.reduce((a, k) => (sign * value(k, p) > sign * value(a, p) ? k : a));
    const x = random.vector(1);
    const crossing = (j: number, k: number): number => {
      const [bj, bk] = [value(j, zeros), value(k, zeros)];
      return (bk - bj) / (value(j, x) - bj - value(k, x) + bk);
    };
    return {
      x,
      baseline: zeros,
      f: (p) => value(best([0, 1, 2], -1, p), p) + value(best([3, 4, 5], 1, p), p),
      gradient: (p) => {
        const [low, high] = [best([0, 1, 2], -1, p), best([3, 4, 5], 1, p)];
        return p.map((_, i) => (rows[low]?.w[i] ?? 0) + (rows[high]?.w[i] ?? 0));
      },
      bends: [crossing(0, 1), crossing(0, 2), crossing(1, 2), crossing(3, 4), crossing(3, 5), crossing(4, 5)],
    };
  },
  squareRootLayer: (random: Random): Example => {
    const w = random.vector(1);
    const epsilon = 10 ** (-1 - 3 * random.uniform());
    return {
      x: random.vector(1).map(Math.abs),
      baseline: zeros,
      f: (p) =>
        dot(
          w,
          p.map((v) => Math.sqrt(v + epsilon)),
        ),
      gradient: (p) => p.map((v, i) => (w[i] ?? 0) / 2 / Math.sqrt(v + epsilon)),
    };
  },
  steepSigmoid: (random: Random): Example => {
    const w = random.vector(0.3);
    const x = w.map((v) => v + (random.vector(0.5)[0] ?? 0) + Math.sign(v));
    const slope = 10 ** (0.5 + 1.5 * random.uniform());
    const threshold = dot(w, x) * (0.05 + 0.9 * random.uniform());
    const at = (p: Vector): number => 1 / (1 + Math.exp(-slope * (dot(w, p) - threshold)));
    return {
      x,
      baseline: zeros,
      f: at,
      gradient: (p) => w.map((v) => slope * at(p) * (1 - at(p)) * v),
    };
  },
  softmax: (random: Random): Example => {
    const rows = Array.from({ length: 5 }, () => ({ w: random.vector(2), b: random.vector(3)[0] ?? 0 }));
    const x = random.vector(1);
    const logits = (p: Vector): number[] => rows.map(({ w, b }) => dot(w, p) + b);
    const target = logits(x).indexOf(Math.max(...logits(x)));
    const shares = (p: Vector): number[] => {
      const powers = logits(p).map((z) => Math.exp(z - Math.max(...logits(p))));
      const sum = powers.reduce((a, b) => a + b, 0);
      return powers.map((power) => power / sum);
    };
    return {
      x,
      baseline: zeros,
      f: (p) => shares(p)[target] ?? 0,
      gradient: (p) => {
        const y = shares(p);
        return p.map((_, i) =>
          rows.reduce(
            (sum, { w }, k) => sum + (y[target] ?? 0) * ((k === target ? 1 : 0) - (y[k] ?? 0)) * (w[i] ?? 0),
            0,
          ),
        );
      },
    };
  },
} satisfies Record<string, (random: Random) => Example>;

export interface Random {
  uniform(): number;
  /** Normally distributed. */
  vector(scale: number): number[];
}

export function randomOf(seed: number): Random {
  const uniform = seededRandom(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, vector: (scale) => Array.from({ length: features }, () => scale * normal()) };
}

const zeros: Vector = new Array<number>(features).fill(0);

function dot(a: Vector, b: Vector): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}
