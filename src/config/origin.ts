/** Where a part of a config comes from. */

/** Keys from the top; numbers are places in a list. */
export type Path = readonly (string | number)[];

export interface Origin {
  /** `file:line:column`, or the flag. */
  readonly label: string;
  /** What relative paths are relative to: the folder of the file, or the working folder for a flag. */
  readonly folder: string;
  /** Orders problems: files as they extend each other, then flags; within a file by offset. */
  readonly rank: number;
  readonly offset: number;
}
