import { customAlphabet, nanoid } from 'nanoid';

export function ids() {
  const many = Array.from({ length: 500 }, () => nanoid());
  return {
    distinct: new Set(many).size,
    shape: many.every((id) => /^[\w-]{21}$/.test(id)),
    custom: /^[abc]{10}$/.test(customAlphabet('abc', 10)()),
  };
}
