import { proveOtherSabotages } from '../../system/sabotage/every-sabotage.ts';

proveOtherSabotages('all-in-one');
