// navigator: what runs here. Nothing of the machine shows: one logical processor, whatever it has.
// Specification: https://min-common-api.proposal.wintertc.org/#navigator

import { illegalConstructor, illegalInvocation, isObject, makeEnumerable } from 'guest:webidl';
import { version } from 'host:navigator';

const create = {};
const userAgent = `hostbox/${version()}`;

let checkNavigator: (value: unknown) => void;

class Navigator {
  #brand = true;

  static {
    checkNavigator = (value) => {
      if (!(isObject(value) && #brand in value)) throw illegalInvocation();
    };
  }

  constructor(token: unknown = undefined) {
    if (token !== create) throw illegalConstructor();
  }

  get userAgent(): string {
    checkNavigator(this);
    return userAgent;
  }

  get hardwareConcurrency(): number {
    checkNavigator(this);
    return 1;
  }
}

makeEnumerable(Navigator, ['userAgent', 'hardwareConcurrency']);

const navigator = new Navigator(create);

export { Navigator, navigator };
