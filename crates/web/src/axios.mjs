import axios, { AxiosError, CanceledError } from 'axios';

export async function get(url) {
  const { status, data, headers } = await axios.get(url, {
    params: { q: 'a b', list: [1, 2] },
    headers: { 'x-one': '1' },
  });
  return { status, data, type: headers['content-type'] };
}

export async function post(url, body) {
  const client = axios.create({ baseURL: url, timeout: 5000 });
  client.interceptors.request.use((config) => {
    config.headers.set('x-intercepted', 'yes');
    return config;
  });
  return (await client.post('echo', body)).data;
}

export async function upload(url) {
  const form = new FormData();
  form.set('field', 'value');
  form.set('file', new Blob(['content'], { type: 'text/plain' }), 'a.txt');
  return (await axios.postForm(url, form)).data;
}

export async function failure(url) {
  try {
    await axios.get(url);
    return 'no';
  } catch (error) {
    return {
      isAxios: error instanceof AxiosError,
      code: error.code,
      status: error.response?.status,
      data: error.response?.data,
    };
  }
}

export async function aborted(url) {
  const controller = new AbortController();
  const request = axios.get(url, { signal: controller.signal });
  setTimeout(() => controller.abort(), 5);
  return request.then(
    () => 'no',
    (error) => ({ isCanceled: error instanceof CanceledError, code: error.code }),
  );
}

export async function bytes(url) {
  const { data } = await axios.get(url, { responseType: 'arraybuffer' });
  return new Uint8Array(data);
}
