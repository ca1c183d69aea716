/** Dense weights and their Adam slots that parameter servers hold: one row of numbers, with a piece on each server. */
import type { AdamOptions, Servers } from '../distributed/servers.js';
import type { ResourceVariable } from '../engine/resource-variable.js';
import type { ModelWeights } from '../model/weights.js';
import type { Optimizer } from './optimizer.js';

const NAME = 'dense';
const BYTES = Float32Array.BYTES_PER_ELEMENT;
const SLOTS = ['m', 'v'] as const;

type Named = readonly (readonly [string, ResourceVariable])[];

const sizeOf = ({ shape }: ResourceVariable) => shape.reduce((a, b) => a * b, 1);

export class ServerDense {
  constructor(private readonly servers: Servers) {}

  /** Puts there what is here. */
  async place({ dense }: ModelWeights, optimizer: Optimizer): Promise<void> {
    await this.#write(NAME, [...dense]);
    for (const slot of SLOTS) await this.#write(`${NAME}/${slot}`, slotsOf(dense, optimizer, slot));
  }

  /** Takes the weights from there. */
  pull({ dense }: ModelWeights): Promise<void> {
    const bytes = BYTES * lengthOf([...dense]);
    return this.servers.costs.count(
      'dense weights from servers',
      () => bytes,
      () => this.#read(NAME, [...dense]),
    );
  }

  /** Takes the slots from there. */
  async pullSlots({ dense }: ModelWeights, optimizer: Optimizer): Promise<void> {
    for (const slot of SLOTS) await this.#read(`${NAME}/${slot}`, slotsOf(dense, optimizer, slot));
  }

  /** One update by Adam; weights without a gradient have one of zeros. */
  async push(
    { dense }: ModelWeights,
    gradients: Readonly<Record<string, Float32Array>>,
    options: AdamOptions,
  ): Promise<void> {
    const flat = new Float32Array(lengthOf([...dense]));
    let at = 0;
    for (const [name, variable] of dense) {
      if (gradients[name]) flat.set(gradients[name], at);
      at += sizeOf(variable);
    }
    await this.servers.costs.count(
      'dense gradients to servers',
      () => flat.byteLength,
      () =>
        Promise.all(
          this.#pieces(flat).map((piece, server) => this.servers.applyAdam(server, NAME, options, piece)),
        ),
    );
  }

  async #write(name: string, variables: Named): Promise<void> {
    const flat = new Float32Array(lengthOf(variables));
    let at = 0;
    for (const [, variable] of variables) {
      flat.set(variable.readRows(0, variable.shape[0] ?? 1), at);
      at += sizeOf(variable);
    }
    await Promise.all(this.#pieces(flat).map((piece, server) => this.servers.write(server, name, piece)));
  }

  async #read(name: string, variables: Named): Promise<void> {
    const pieces = await Promise.all(
      this.servers.members.map((_, server) => this.servers.read(server, name)),
    );
    const flat = new Float32Array(lengthOf(variables));
    let at = 0;
    for (const piece of pieces) {
      flat.set(piece, at);
      at += piece.length;
    }
    at = 0;
    for (const [, variable] of variables) {
      const size = sizeOf(variable);
      variable.writeRows(0, flat.subarray(at, at + size));
      at += size;
    }
  }

  #pieces(flat: Float32Array): Float32Array[] {
    const length = Math.ceil(flat.length / this.servers.members.length);
    return this.servers.members.map((_, server) => flat.subarray(server * length, (server + 1) * length));
  }
}

const lengthOf = (variables: Named) => variables.reduce((sum, [, variable]) => sum + sizeOf(variable), 0);

const slotsOf = (dense: ModelWeights['dense'], { slots }: Optimizer, slot: string): Named =>
  [...dense.keys()].map((name) => [`${name}/${slot}`, slots.get(`${name}/${slot}`)!]);
