// navigator: what runs here. Nothing of the machine shows: one logical processor, whatever it has, no platform, and the language of
// the engine's own texts. The names that the HTML standard fixes are there for bundles that search them without asking.
// Specification: https://html.spec.whatwg.org/multipage/system-state.html#the-navigator-object

import { illegalConstructor, illegalInvocation, isObject, makeEnumerable } from 'guest:webidl';
import { version } from 'host:navigator';

const create = {};
const userAgent = `hostbox/${version()}`;
const languages: readonly string[] = Object.freeze(['en-US']);

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

  get language(): string {
    checkNavigator(this);
    return 'en-US';
  }

  get languages(): readonly string[] {
    checkNavigator(this);
    return languages;
  }

  get appCodeName(): string {
    checkNavigator(this);
    return 'Mozilla';
  }

  get appName(): string {
    checkNavigator(this);
    return 'Netscape';
  }

  get appVersion(): string {
    checkNavigator(this);
    return userAgent;
  }

  get platform(): string {
    checkNavigator(this);
    return '';
  }

  get product(): string {
    checkNavigator(this);
    return 'Gecko';
  }
}

makeEnumerable(Navigator, [
  'userAgent',
  'hardwareConcurrency',
  'language',
  'languages',
  'appCodeName',
  'appName',
  'appVersion',
  'platform',
  'product',
]);

const navigator = new Navigator(create);

export { Navigator, navigator };
