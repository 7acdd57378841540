import OpenAI, { APIError } from 'openai';

const clientOf = (baseURL, options) =>
  new OpenAI({ apiKey: 'sk-test', baseURL, dangerouslyAllowBrowser: true, maxRetries: 0, ...options });

export async function completed(baseURL) {
  const completion = await clientOf(baseURL).chat.completions.create({
    model: 'm',
    messages: [{ role: 'user', content: 'hello' }],
  });
  return completion.choices[0].message.content;
}

export async function streamed(baseURL) {
  const stream = await clientOf(baseURL).chat.completions.create({
    model: 'm',
    messages: [{ role: 'user', content: 'hello' }],
    stream: true,
  });
  const parts = [];
  for await (const chunk of stream) parts.push(chunk.choices[0].delta.content);
  return parts;
}

export async function uploaded(baseURL) {
  const file = new File(['{"a":1}\n'], 'batch.jsonl', { type: 'application/jsonl' });
  const { id, bytes } = await clientOf(baseURL).files.create({ file, purpose: 'batch' });
  return { id, bytes };
}

export async function refused(baseURL) {
  try {
    await clientOf(baseURL, { apiKey: 'wrong' }).models.list();
    return 'nothing';
  } catch (error) {
    return [error instanceof APIError, error.constructor.name, error.status, error.message];
  }
}

export async function retried(baseURL) {
  const { data } = await clientOf(baseURL, { maxRetries: 2 }).embeddings.create({ model: 'e', input: 'x' });
  return data[0].embedding;
}
