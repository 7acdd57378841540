import ky from 'ky';

export async function fetched(url) {
  const seen = [];
  const client = ky.create({
    prefixUrl: url,
    retry: { limit: 2, backoffLimit: 1 },
    hooks: { afterResponse: [(_request, _options, response) => void seen.push(response.status)] },
  });
  const answer = await client.post('echo', { json: { a: 1 }, searchParams: { q: 1 } }).json();
  return { method: answer.method, path: answer.path, body: answer.body, seen };
}

export async function failure(url) {
  try {
    await ky.get(`${url}missing`, { retry: 0 }).text();
    return 'no';
  } catch (error) {
    return { name: error.name, status: error.response.status };
  }
}
