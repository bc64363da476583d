import { proveEverySabotage } from './every-sabotage.ts';

proveEverySabotage('ha');
