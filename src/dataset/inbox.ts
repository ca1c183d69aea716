/** Messages in the order in which they came, for one reader who waits for the next one. */
export class Inbox<Message> {
  readonly #messages: Message[] = [];
  #failure: Error | null = null;
  #wake: (() => void) | null = null;

  put(message: Message): void {
    this.#messages.push(message);
    this.#wake?.();
  }

  /** From now on there is nothing to read but this error. */
  fail(error: Error): void {
    this.#failure = error;
    this.#wake?.();
  }

  async take(): Promise<Message> {
    while (this.#messages.length === 0 && !this.#failure) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#wake = null;
    if (this.#failure) throw this.#failure;
    return this.#messages.shift()!;
  }
}
