import type { Backend, GuestSpec } from './backend.ts';

/** Guests that are nothing but an address: for tests of what happens around machines. */
export function stubBackend(): Backend & { readonly guests: ReadonlyMap<string, GuestSpec> } {
  const guests = new Map<string, GuestSpec>();
  let started = 0;
  return {
    guests,
    start: async (spec) => {
      guests.set(`${spec.namespace}/${spec.machine}`, spec);
      started += 1;
      // TCP to a multicast address fails at once: no sshd that this host has on all its addresses is taken for a guest's
      return `239.20.${started >> 8}.${started & 255}`;
    },
    stop: async (namespace, machine) => void guests.delete(`${namespace}/${machine}`),
    saveDisk: async () => undefined,
    fillDisk: async () => undefined,
    pause: async () => undefined,
    unpause: async () => undefined,
    outside: async (namespace, machine, file) => Promise.reject(new Error(`${namespace}/${machine} is a stub and has no ${file}`)),
    console: async (namespace, machine) => `console of ${namespace}/${machine}\n`,
    alive: async (namespace, machine) => guests.has(`${namespace}/${machine}`),
    clear: async (namespace) => {
      for (const key of guests.keys()) if (key.startsWith(`${namespace}/`)) guests.delete(key);
    },
  };
}
