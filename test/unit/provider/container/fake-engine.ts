import type { Engine } from '../../../../harness/provider/container/engine.ts';

/** An engine on which everything fails that a test does not expect. */
export function fakeEngine(expected: Partial<Engine>): Engine {
  const handler: ProxyHandler<Partial<Engine>> = {
    get: (target, name) =>
      Reflect.get(target, name) ??
      (() => {
        throw new Error(`unexpected ${String(name)}`);
      }),
  };
  return new Proxy({ name: 'podman', ...expected }, handler) as Engine;
}
