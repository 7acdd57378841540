import Ajv from 'ajv';

const schema = {
  type: 'object',
  properties: {
    id: { type: 'integer', minimum: 1 },
    tags: { type: 'array', items: { type: 'string' }, uniqueItems: true },
  },
  required: ['id'],
  additionalProperties: false,
};

export function errors(value) {
  const ajv = new Ajv({ allErrors: true });
  const validate = ajv.compile(schema);
  return validate(value)
    ? []
    : validate.errors.map(({ instancePath, keyword, message }) => ({ instancePath, keyword, message }));
}
