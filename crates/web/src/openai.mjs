import OpenAI, { toFile } from 'openai';

const client = (baseURL) => new OpenAI({ apiKey: 'sk-test', baseURL, maxRetries: 1 });

export async function complete(baseURL) {
  const answer = await client(baseURL).chat.completions.create({
    model: 'm',
    messages: [{ role: 'user', content: 'Hello' }],
  });
  return { text: answer.choices[0].message.content, tokens: answer.usage.total_tokens, request: answer._request_id };
}

export async function stream(baseURL) {
  const answer = await client(baseURL).chat.completions.create({
    model: 'm',
    messages: [{ role: 'user', content: 'Hello' }],
    stream: true,
  });
  const parts = [];
  for await (const chunk of answer) parts.push(chunk.choices[0].delta.content);
  return parts;
}

export async function upload(baseURL) {
  const file = await toFile(new TextEncoder().encode('{"a":1}\n'), 'lines.jsonl');
  return (await client(baseURL).files.create({ file, purpose: 'fine-tune' })).id;
}

export async function refused(baseURL) {
  try {
    await client(`${baseURL}/refuse`).models.list();
    return 'no';
  } catch (error) {
    return { name: error.constructor.name, status: error.status, message: error.message };
  }
}
