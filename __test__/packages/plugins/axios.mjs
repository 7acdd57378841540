import axios, { AxiosError } from 'axios';

export async function posted(base) {
  const client = axios.create({ baseURL: base, headers: { 'x-team': 'blue' }, timeout: 5000 });
  const { status, data } = await client.post('/echo', { list: [1, 'ä'] }, { params: { q: 'a b' } });
  return { status, data };
}

export async function form(base) {
  const { data } = await axios.postForm(`${base}/echo`, {
    name: 'Ada',
    file: new Blob(['hi'], { type: 'text/plain' }),
  });
  return data;
}

export async function bytes(base) {
  const { data, headers } = await axios.get(`${base}/bytes`, { responseType: 'arraybuffer' });
  return { bytes: new Uint8Array(data), type: headers['content-type'] };
}

export async function intercepted(base) {
  const client = axios.create({ baseURL: base });
  client.interceptors.request.use((config) => {
    config.headers.set('authorization', 'Bearer t');
    return config;
  });
  client.interceptors.response.use((response) => response.data.headers.authorization);
  return client.get('/echo');
}

export async function failure(base, path, options) {
  try {
    await axios.get(`${base}${path}`, options);
    return 'nothing';
  } catch (error) {
    return [error instanceof AxiosError, error.code, error.response?.status];
  }
}

export async function cancelled(base) {
  const controller = new AbortController();
  const asked = axios.get(`${base}/never`, { signal: controller.signal });
  controller.abort();
  return asked.catch((error) => axios.isCancel(error));
}
