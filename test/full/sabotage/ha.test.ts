import { proveOtherSabotages } from '../../system/sabotage/every-sabotage.ts';

proveOtherSabotages('ha');
