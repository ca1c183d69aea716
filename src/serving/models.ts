/** The models in use, one for each variant; each is replaced by what its folder holds now, without a request that is lost. */
import type { Logger } from '../common/context.js';
import { messageOf } from '../common/errors.js';
import type { BundleOrigin } from '../delivery/bundle-format.js';
import type { Limits } from './limits.js';
import type { Metrics } from './metrics.js';
import { type OpenServed, openServed } from './open-served.js';
import type { ServedModel } from './served-model.js';

export interface VariantFolders {
  readonly name: string;
  readonly bundle: string;
  /** Prepared data with histories; null for none. */
  readonly prepared: string | null;
}

export interface ModelsInput {
  readonly variants: readonly VariantFolders[];
  readonly limits: Limits;
  readonly logger: Logger;
}

/** A model that is gone, and why. */
export interface Failure {
  readonly variant: string;
  readonly cause: Error;
}

export class Models {
  readonly #served = new Map<string, OpenServed>();
  #metrics: Metrics | null = null;
  #tellFailure: (failure: Failure) => void = () => {};
  /** Resolves when the thread of a model in use has ended. */
  readonly failed: Promise<Failure>;

  private constructor(private readonly input: ModelsInput) {
    this.failed = new Promise((resolve) => {
      this.#tellFailure = resolve;
    });
  }

  /** @throws UserError when one of them cannot be used */
  static async open(input: ModelsInput): Promise<Models> {
    const models = new Models(input);
    try {
      for (const variant of input.variants) models.#use(variant.name, await models.#open(variant));
    } catch (error) {
      await models.close();
      throw error;
    }
    return models;
  }

  /** From now on, what the models do is counted there. */
  countIn(metrics: Metrics): void {
    this.#metrics = metrics;
  }

  of(variant: string): { readonly model: ServedModel; readonly origin: BundleOrigin } {
    return this.#served.get(variant)!;
  }

  *all(): Generator<readonly [variant: string, served: OpenServed]> {
    yield* this.#served;
  }

  /**
   * Opens each bundle again. One that does not hold leaves the older one in use; the older one answers what it has taken, and is let
   * go of.
   */
  async reload(): Promise<void> {
    for (const variant of this.input.variants) {
      const { name } = variant;
      const opened = await this.#open(variant).catch((error: unknown) => {
        this.input.logger.error(
          { variant: name, error: messageOf(error) },
          `${name}: the bundle in use stays: ${messageOf(error)}`,
        );
        return null;
      });
      this.#metrics?.reloads.inc({ variant: name, result: opened ? 'replaced' : 'refused' });
      if (!opened) continue;
      const older = this.#served.get(name)!;
      this.#use(name, opened);
      await older.close();
      this.input.logger.info({ variant: name, ...opened.origin }, `${name}: a new bundle is in use`);
    }
  }

  /** A user's id as the models read it: a number that was held as a float somewhere is the same user. */
  userId(user: string): string {
    const read = [...this.#served.values()].map(({ model }) => model.userId(user));
    return read.find((id) => id !== user) ?? user;
  }

  /** Resolves when all that was asked is answered. */
  async drained(): Promise<void> {
    await Promise.all([...this.#served.values()].map(({ model }) => model.drained()));
  }

  async close(): Promise<void> {
    for (const served of this.#served.values()) await served.close();
    this.#served.clear();
  }

  #use(name: string, served: OpenServed): void {
    this.#served.set(name, served);
    void served.died.then((cause) => {
      if (this.#served.get(name) === served) this.#tellFailure({ variant: name, cause });
    });
  }

  #open({ name, bundle, prepared }: VariantFolders): Promise<OpenServed> {
    const { limits, logger } = this.input;
    const watcher = {
      batch: (requests: number, seconds: number) => {
        this.#metrics?.batchRequests.observe({ variant: name }, requests);
        this.#metrics?.batchSeconds.observe({ variant: name }, seconds);
      },
      lookUp: (hit: boolean) => this.#metrics?.histories.inc({ variant: name, result: hit ? 'hit' : 'miss' }),
    };
    return openServed({ bundle, prepared, limits, watcher, logger });
  }
}
