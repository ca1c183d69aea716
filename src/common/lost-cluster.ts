/** Processes that trained together, and cannot any more: one of them is gone, so that all the others end. */
export class LostCluster extends Error {
  override readonly name = 'LostCluster';

  /** By default 138: launchers of Kubernetes start a process again that ends with more than 127, and leave that one to those who ask for it. */
  constructor(
    message: string,
    readonly exitCode = 138,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
