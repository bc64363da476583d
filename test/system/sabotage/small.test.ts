import { proveEveryCheck } from './every-sabotage.ts';

proveEveryCheck('small');
