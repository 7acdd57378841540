import bcrypt from 'bcryptjs';

export async function hashed() {
  const hash = await bcrypt.hash('secret', 4);
  const known = '$2b$04$abcdefghijklmnopqrstuu5s7wN0Ob5s0Y1qNQm5eZpTW3x5VJxgS';
  return {
    shape: /^\$2b\$04\$.{53}$/.test(hash),
    right: await bcrypt.compare('secret', hash),
    wrong: await bcrypt.compare('x', known),
  };
}
