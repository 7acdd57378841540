import ky, { HTTPError } from 'ky';

export async function posted(base) {
  return ky.post('echo', { prefixUrl: base, json: { a: 1 }, searchParams: { q: 1 } }).json();
}

export async function retried(base) {
  const { response } = await ky(`${base}/flaky`, { retry: { limit: 2, delay: () => 1 } }).json();
  return response;
}

export async function failure(base) {
  try {
    await ky(`${base}/missing`, { retry: 0 });
    return 'nothing';
  } catch (error) {
    return [error instanceof HTTPError, error.response.status];
  }
}

export async function hooked(base) {
  const client = ky.extend({
    hooks: { beforeRequest: [(request) => request.headers.set('x-hook', 'yes')] },
    timeout: 5000,
  });
  return (await client(`${base}/echo`).json()).headers['x-hook'];
}
