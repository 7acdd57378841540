import { buildSchema, graphql, parse, print } from 'graphql';

const schema = buildSchema(
  'type User { name: String! friends(first: Int = 1): [User!]! } type Query { user(id: ID!): User }',
);
const user = (name) => ({ name, friends: ({ first }) => ['b', 'c'].slice(0, first).map(user) });

export async function query(source, variableValues) {
  const { data, errors } = await graphql({
    schema,
    source,
    variableValues,
    rootValue: { user: async ({ id }) => user(id) },
  });
  return JSON.parse(JSON.stringify({ data, errors: errors?.map(({ message }) => message) }));
}

export function printed(source) {
  return print(parse(source));
}
