// Preloaded into a run: connections of its own to guests fail, as they do where no route leads to the cluster's network.
import { Socket } from 'node:net';

const GUESTS = /^10\.214\./;
const connect = Socket.prototype.connect;

Socket.prototype.connect = function (...words) {
  const [first] = words;
  const { host } = (Array.isArray(first) ? first[0] : first) ?? {};
  if (!GUESTS.test(host ?? '')) return connect.apply(this, words);
  process.nextTick(() => this.destroy(Object.assign(new Error(`connect ENETUNREACH ${host}`), { code: 'ENETUNREACH' })));
  return this;
};
