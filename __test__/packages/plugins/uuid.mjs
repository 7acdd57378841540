import { NIL, parse, stringify, v1, v4, v5, v7, validate, version } from 'uuid';

export function named() {
  return { v5: v5('hostbox', v5.DNS), nil: stringify(parse(NIL)), invalid: validate('no') };
}

export function random() {
  const ids = [v1(), v4(), v7()];
  return { versions: ids.map(version), valid: ids.every((id) => validate(id)), distinct: new Set([...ids, v4()]).size };
}
