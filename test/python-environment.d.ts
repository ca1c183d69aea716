export function pythonEnvironment(name: string, packages: readonly string[]): Promise<string>;
