import { proveEveryCheck, proveOtherSabotages } from '../../system/sabotage/every-sabotage.ts';

proveEveryCheck('dual-stack');
proveOtherSabotages('dual-stack');
