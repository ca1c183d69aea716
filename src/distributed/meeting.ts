/**
 * Processes that take their steps without waiting for each other, and meet now and then: at each validation, and where one of them wishes
 * to stop or to save. Until then they tell each other four times a second how far they are; so a lost one is noticed too.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Collectives } from './collectives.js';

const PULSE_MS = 250;
const WAIT_MS = 10;

/** What one tells the others. */
interface Pulse {
  /** At the place where all meet. */
  readonly hasArrived: boolean;
  /** Waits to hear after which round to stop. */
  readonly isWaiting: boolean;
  readonly round: number;
  readonly wish: number;
}

export class Meeting {
  #pulses: Promise<void> | null = null;
  #hasArrived = false;
  #isWaiting = false;
  #round = 0;
  #wish = 0;
  /** The greatest wish of any. */
  #heard = 0;
  /** After which round the wish comes true, for all. */
  #target: number | null = null;
  #failure: { readonly error: unknown } | null = null;
  /** Aborted by what the others should hear at once. */
  #news = new AbortController();

  constructor(private readonly collectives: Collectives) {}

  /** Whether they are on their way: nothing that all have to take part in may be done then. */
  get isUnderWay(): boolean {
    return this.#pulses !== null;
  }

  /** Called before each step. @throws LostCluster */
  goOn(): void {
    this.#throwFailure();
    this.#pulses ??= this.#pulse().catch((error) => {
      this.#failure = { error };
    });
  }

  /**
   * Called after each round, with a wish (a number; 0 for none): the wish that comes true now, the same for all after the same round.
   * @throws LostCluster
   */
  async after(round: number, wish: number): Promise<number> {
    this.#round = round;
    this.#wish = Math.max(this.#wish, wish);
    while (this.#heard > 0 && (this.#target === null || this.#target <= round)) {
      this.#throwFailure();
      if (this.#target === round) return this.#heard;
      this.#isWaiting = true;
      await pause(WAIT_MS);
    }
    this.#isWaiting = false;
    this.#throwFailure();
    return 0;
  }

  /** Waits for all to come to the same place, which is after the same round. @throws LostCluster */
  async meet(round: number): Promise<void> {
    if (!this.#pulses) return;
    this.#round = round;
    this.#hasArrived = true;
    this.#news.abort();
    await this.#pulses;
    this.#throwFailure();
    this.#pulses = null;
    this.#hasArrived = false;
    this.#isWaiting = false;
    this.#target = null;
    this.#heard = 0;
    this.#wish = 0;
  }

  async #pulse(): Promise<void> {
    for (;;) {
      this.#news = new AbortController();
      const { signal } = this.#news;
      const all = await this.#exchange();
      if (all.every(({ hasArrived }) => hasArrived)) return;
      // What comes true is settled with the round: a wish that comes later has to wait, as some may be there already.
      if (this.#target === null) {
        this.#heard = Math.max(...all.map(({ wish }) => wish));
        // Who has arrived goes no further, and who waits neither.
        const haveStopped = all.every(({ hasArrived, isWaiting }) => hasArrived || isWaiting);
        if (this.#heard > 0 && haveStopped) this.#target = Math.max(...all.map(({ round }) => round));
      }
      await pause(PULSE_MS, undefined, { signal }).catch(() => {});
    }
  }

  async #exchange(): Promise<Pulse[]> {
    const own = Int32Array.of(Number(this.#hasArrived), Number(this.#isWaiting), this.#round, this.#wish);
    const all = await this.collectives.allGather(own, 'hearing of each other');
    return all.map(([hasArrived, isWaiting, round, wish]) => ({
      hasArrived: hasArrived === 1,
      isWaiting: isWaiting === 1,
      round: round!,
      wish: wish!,
    }));
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
