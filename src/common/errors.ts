/**
 * The one error class of ours: something that the user can fix.
 * Its message reads "Cannot <action> <thing>: <required>, got <value> (file:line)".
 * The command line prints the message alone and exits with 2; every other error is a fault of ours.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
