import { z } from 'zod';

const User = z.object({
  name: z.string().min(2),
  mail: z.email(),
  age: z.coerce.number().int().optional(),
  tags: z.array(z.enum(['a', 'b'])).default([]),
});

export function parse(value) {
  return User.parse(value);
}

export function issues(value) {
  const { success, error } = User.safeParse(value);
  return success ? [] : error.issues.map(({ code, path, message }) => ({ code, path, message }));
}

export async function refined(text) {
  const schema = z.string().refine(async (value) => value.length > 3, { error: 'too short' });
  return z.prettifyError((await schema.safeParseAsync(text)).error);
}

export function jsonSchema() {
  return z.toJSONSchema(User, { io: 'input' });
}
