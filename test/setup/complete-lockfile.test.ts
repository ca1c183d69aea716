import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const { completeLockfile } = await import(new URL('../../setup/complete-lockfile.js', import.meta.url).href);

interface Entry {
  readonly version?: string;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly optional?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const readLockfile = (): { packages: Record<string, Entry> } =>
  JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'));

test('the lockfile of this project is complete', () => {
  expect(completeLockfile(readLockfile())).toEqual([]);
});

test('what is left out of it comes back with its version and platform, once', () => {
  const lockfile = readLockfile();
  const dropped = Object.entries(lockfile.packages).filter(([, { os }]) => os && !os.includes('linux'));
  expect(dropped.length).toBeGreaterThan(10);
  for (const [path] of dropped) delete lockfile.packages[path];
  const added: string[] = completeLockfile(lockfile);
  for (const [path, { version, os, cpu }] of dropped) {
    // fsevents is asked for by a range, of which only the registry knows the version.
    if (path.endsWith('/fsevents')) continue;
    expect(added).toContain(path.slice('node_modules/'.length));
    expect(lockfile.packages[path]).toMatchObject({ version, os, cpu, optional: true });
  }
  expect(completeLockfile(lockfile)).toEqual([]);
});

test('a C library other than glibc is told by the name', () => {
  const optionalDependencies = {
    '@x/y-linux-x64-musl': '1.0.0',
    '@x/y-linux-x64-gnu': '1.0.0',
    plain: '1.0.0',
  };
  const lockfile: { packages: Record<string, Entry> } = {
    packages: { 'node_modules/y': { optionalDependencies } },
  };
  completeLockfile(lockfile);
  expect(lockfile.packages['node_modules/@x/y-linux-x64-musl']?.libc).toEqual(['musl']);
  expect(lockfile.packages['node_modules/@x/y-linux-x64-gnu']?.libc).toBeUndefined();
  expect(lockfile.packages['node_modules/plain']).toBeUndefined();
});
