import { proveEverySabotage } from './every-sabotage.ts';

proveEverySabotage('small');
