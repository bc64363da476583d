import { proveOneCause } from './one-cause.ts';

proveOneCause('all-in-one');
