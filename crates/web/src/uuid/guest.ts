// uuidv4: random UUIDs. Specification: RFC 9562, section 5.4.

import { v4 } from 'host:uuid';

function uuidv4(): string {
  return v4();
}

export { uuidv4 };
