import { proveOneCause } from './one-cause.ts';

proveOneCause('ha');
