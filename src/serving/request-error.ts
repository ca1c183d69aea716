/** Why a request is not answered: a status of HTTP, a code for programs and a sentence for people. */

const CODES = {
  400: 'invalid_request',
  401: 'unauthorized',
  404: 'not_found',
  408: 'timeout',
  413: 'too_large',
  415: 'unsupported_media_type',
  429: 'overloaded',
  500: 'internal',
  503: 'unavailable',
} as const;

export type ErrorStatus = keyof typeof CODES;

export class RequestError extends Error {
  constructor(
    readonly status: ErrorStatus,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The one shape of all errors. */
export interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string };
}

export const errorBody = (status: ErrorStatus, message: string): ErrorBody => ({
  error: { code: CODES[status], message },
});

/** A status that has a code, of whatever a library came up with. */
export function knownStatus(status: number | undefined): ErrorStatus {
  if (status !== undefined && status in CODES) return status as ErrorStatus;
  return status !== undefined && status >= 400 && status < 500 ? 400 : 500;
}
