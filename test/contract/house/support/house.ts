import path from 'node:path';
import { openHouse } from '../../../../measure/house/open-house.ts';

/** This repository, read by the compiler once for all rules. */
export const house = openHouse(path.join(import.meta.dirname, '..', '..', '..', '..'));
