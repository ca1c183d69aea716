export function makeTinyWorld(users: number): Promise<string>;
export function dupn(...args: readonly string[]): Promise<string>;
