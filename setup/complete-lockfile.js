/**
 * `npm run lockfile`, after `npm install`, completes package-lock.json: a registry that carries the binaries of one
 * platform only leaves those of the others out of it, and `npm ci` refuses such a lockfile. Their versions stand in the
 * packages that ask for them; their checksums are unknown here, so npm takes those from the registry where it needs them.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const OPERATING_SYSTEMS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const CPUS = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'];

/** What a binary's package says of itself, read from its name: `@rollup/rollup-linux-x64-musl`. */
function platformOf(name) {
  const words = name.slice(name.lastIndexOf('/') + 1).split(/[-.]/);
  const os = words.filter((word) => OPERATING_SYSTEMS.includes(word));
  const cpu = words.filter((word) => CPUS.includes(word));
  if (os.length + cpu.length === 0) return undefined;
  const libc = words.some((word) => word.startsWith('musl')) ? ['musl'] : [];
  return { cpu, os, libc };
}

/** Adds the missing packages to a parsed lockfile; returns their names. */
export function completeLockfile(lockfile) {
  const { packages } = lockfile;
  const added = [];
  for (const parent of Object.values(packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      const path = `node_modules/${name}`;
      const platform = platformOf(name);
      if (packages[path] || !platform || !/^\d/.test(version)) continue;
      const { cpu, os, libc } = platform;
      packages[path] = {
        version,
        ...(cpu.length > 0 && { cpu }),
        ...(parent.dev && { dev: true }),
        ...(libc.length > 0 && { libc }),
        optional: true,
        ...(os.length > 0 && { os }),
      };
      added.push(name);
    }
  }
  lockfile.packages = Object.fromEntries(
    Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en')),
  );
  return added;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = new URL('../package-lock.json', import.meta.url);
  const lockfile = JSON.parse(readFileSync(file, 'utf8'));
  const added = completeLockfile(lockfile);
  if (added.length > 0) writeFileSync(file, `${JSON.stringify(lockfile, null, 2)}\n`);
  console.error(`package-lock.json: ${added.length} packages of other platforms added`);
}
