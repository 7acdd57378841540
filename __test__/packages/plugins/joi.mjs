import Joi from 'joi';

const schema = Joi.object({
  name: Joi.string().min(2).required(),
  mail: Joi.string().email({ tlds: false }),
  age: Joi.number().integer().default(1),
  bytes: Joi.binary().length(2),
});

export function checked(value) {
  const { error, value: result } = schema.validate(value, { abortEarly: false });
  return error ? error.details.map(({ message }) => message) : result;
}

export function binary() {
  const { value } = schema.validate({ name: 'ab', bytes: 'xy' });
  return Buffer.isBuffer(value.bytes);
}
