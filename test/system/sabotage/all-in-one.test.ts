import { proveEveryCheck } from './every-sabotage.ts';

proveEveryCheck('all-in-one');
