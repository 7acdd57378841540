// `host:noderandom` over Node's own random bytes.

import { randomFillSync } from 'node:crypto';

export const bytes = (size) => randomFillSync(new ArrayBuffer(size));
export const bytesLater = async (size) => bytes(size);
