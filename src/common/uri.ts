/** Paths that name a storage, such as s3a://bucket/log.csv: this machine's own files have none. */

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

export const isUri = (path: string): boolean => SCHEME.test(path);

/** Whether it holds a password (s3a://key:secret@bucket). */
export const holdsPassword = (path: string): boolean => /^[^:]+:\/\/[^/@]*:[^/@]*@/.test(path);
