// reportError: hands an exception to the sandbox as if nobody had caught it. Unhandled rejections are noticed natively.
// Specification: https://html.spec.whatwg.org/multipage/webappapis.html#dom-reporterror

import { requireArguments } from 'guest:webidl';
import { report } from 'host:report';

function reportError(e: unknown): void {
  requireArguments(arguments.length, 1, 'reportError');
  report(e);
}

export { reportError };
