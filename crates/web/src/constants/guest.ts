// constants: what `os`, `fs` and `crypto` have as constants, in one object, as old packages look for them.

import { constants as ofFiles } from 'guest:fsconstants';
import { constants as ofCrypto } from 'guest:nodesign';
import { os } from 'guest:os';

const { errno, priority, signals } = os.constants as Record<'errno' | 'priority' | 'signals', object>;

/** What `require('constants')` gives. */
const constants = { ...errno, ...priority, ...signals, ...ofFiles, ...ofCrypto };

export { constants };
