import { expect, test } from 'vitest';
import { diagnose } from '../../src/engine/diagnose.js';

test('the engine that setup made is found, loads and multiplies', () => {
  const { engine, cpu, memory, problems } = diagnose();
  expect(engine.tfjsNode).toBe('4.22.0');
  expect(engine.tensorflow).toMatch(/^2\.\d+\.\d+$/);
  if (process.platform === 'linux' && process.arch === 'x64') {
    expect(engine.source).toBe('pinned wheel');
    expect(engine.tensorflow).toBe('2.18.0');
    if (cpu.features.includes('avx2')) {
      expect(problems).toEqual([]);
      const asked = process.env.DUPN_KERNELS;
      expect(engine.kernels).toMatchObject({ kind: asked === 'block' ? 'block' : 'native' });
    }
  }
  expect(cpu.threads).toBeGreaterThan(0);
  expect(memory.totalBytes).toBeGreaterThan(memory.freeBytes / 2);
});
