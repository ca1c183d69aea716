/** What the processes of one step add up, in one row of numbers: losses, norms, dense gradients and moments. */
import type { Moments } from '../model/batch-normalisation.js';
import type { ModelWeights } from '../model/weights.js';

/** Numbers of a step, of one process or of all together. */
export interface StepSums {
  readonly loss: number;
  readonly lossByTask: Readonly<Record<string, number>>;
  /** Of the gradient with respect to the representation that a task reads. */
  readonly squaredNormByTask: Readonly<Record<string, number>>;
  /** Dense weights that the loss depends on -> gradients. */
  readonly dense: Readonly<Record<string, Float32Array>>;
  /** Layers that were normalised by their batch -> moments, each the mean over the processes that have them. */
  readonly moments: Readonly<Record<string, Readonly<Record<keyof Moments, Float32Array>>>>;
}

/** The same places on all processes, whatever their part of the batch has. */
export class FlatLayout {
  readonly #tasks: readonly string[];
  /** Name -> numbers, each after one that counts the processes that have it. */
  readonly #dense: readonly (readonly [string, number])[];
  readonly #layers: readonly (readonly [string, number])[];
  readonly #length: number;

  constructor({ shape, dense, statistics }: ModelWeights) {
    this.#tasks = Object.keys(shape.tasks);
    this.#dense = [...dense].map(([name, variable]) => [name, sizeOf(variable.shape)]);
    this.#layers = [...statistics]
      .filter(([name]) => name.endsWith(MEAN))
      .map(([name, variable]) => [name.slice(0, -MEAN.length), sizeOf(variable.shape)]);
    const held = [
      ...this.#dense.map(([, size]) => 1 + size),
      ...this.#layers.map(([, size]) => 1 + 2 * size),
    ];
    this.#length = 1 + 2 * this.#tasks.length + held.reduce((sum, length) => sum + length, 0);
  }

  /** What a process has. */
  write({ loss, lossByTask, squaredNormByTask, dense, moments }: StepSums): Float32Array {
    const flat = new Float32Array(this.#length);
    flat[0] = loss;
    let at = 1;
    for (const task of this.#tasks) {
      flat[at++] = lossByTask[task] ?? 0;
      flat[at++] = squaredNormByTask[task] ?? 0;
    }
    const put = (size: number, parts: readonly Float32Array[] | null) => {
      if (parts) flat[at] = 1;
      at++;
      for (const part of parts ?? []) {
        flat.set(part, at);
        at += part.length;
      }
      if (!parts) at += size;
    };
    for (const [name, size] of this.#dense) put(size, dense[name] ? [dense[name]] : null);
    for (const [layer, size] of this.#layers) {
      const own = moments[layer];
      put(2 * size, own ? [own.mean, own.variance] : null);
    }
    return flat;
  }

  /** What all have, of the sum of their rows. */
  read(flat: Float32Array): StepSums {
    let at = 1;
    const lossByTask: Record<string, number> = {};
    const squaredNormByTask: Record<string, number> = {};
    for (const task of this.#tasks) {
      lossByTask[task] = flat[at++]!;
      squaredNormByTask[task] = flat[at++]!;
    }
    const take = (size: number) => {
      at += size;
      return flat.subarray(at - size, at);
    };
    const dense: Record<string, Float32Array> = {};
    for (const [name, size] of this.#dense) {
      const processes = flat[at++]!;
      const values = take(size);
      if (processes > 0) dense[name] = values;
    }
    const moments: Record<string, Record<keyof Moments, Float32Array>> = {};
    for (const [layer, size] of this.#layers) {
      const processes = flat[at++]!;
      const [mean, variance] = [take(size), take(size)].map((sum) => sum.map((value) => value / processes));
      if (processes > 0) moments[layer] = { mean: mean!, variance: variance! };
    }
    return { loss: flat[0]!, lossByTask, squaredNormByTask, dense, moments };
  }
}

const MEAN = '/mean';

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
