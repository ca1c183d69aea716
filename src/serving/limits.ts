/** What a server takes at most, so that its memory and its answers' times stay bounded. */

export interface Limits {
  /** Bytes of the body of a request. */
  readonly bodyBytes: number;
  /** Candidates of a request, over all of its tasks. */
  readonly candidates: number;
  /** Events of a request, and those kept of a user. */
  readonly events: number;
  /** Requests that wait for the model; what comes on top is told to come again. */
  readonly queue: number;
  /** How long a request may wait for the model, and how long a client may take to send it. */
  readonly timeoutMs: number;
  /** Requests that go through the model together. */
  readonly batchRequests: number;
  /** How long the first request of a batch waits for others. */
  readonly batchMs: number;
  /** Encodings of users that are kept, in bytes, of each model. */
  readonly cacheBytes: number;
  /** Events that were appended, in bytes. */
  readonly historyBytes: number;
}

export const DEFAULT_LIMITS: Limits = {
  bodyBytes: 2 ** 20,
  candidates: 1000,
  events: 1000,
  queue: 1024,
  timeoutMs: 2000,
  batchRequests: 32,
  batchMs: 0,
  cacheBytes: 256 * 2 ** 20,
  historyBytes: 256 * 2 ** 20,
};
