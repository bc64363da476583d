import { proveEverySabotage } from '../system/sabotage/every-sabotage.ts';

proveEverySabotage('dual-stack');
