import { proveEverySabotage } from './every-sabotage.ts';

proveEverySabotage('all-in-one');
