import { Hono } from 'hono';
import { bearerAuth } from 'hono/bearer-auth';
import { cors } from 'hono/cors';
import { streamText } from 'hono/streaming';

const app = new Hono();
app.use('/api/*', cors());
app.use('/private/*', bearerAuth({ token: 'secret' }));
app.get('/api/hello/:name', (c) => c.json({ hello: c.req.param('name'), q: c.req.query('q') }));
app.post('/api/form', async (c) => {
  const { name, file } = await c.req.parseBody();
  return c.text(`${name}:${await file.text()}`);
});
app.get('/private/x', (c) => c.text('in'));
app.get('/stream', (c) =>
  streamText(c, async (stream) => {
    for (const part of ['a', 'b', 'c']) await stream.write(part);
  }),
);

/** An app that answers requests inside the sandbox. */
export async function answered(path, init) {
  const response = await app.request(path, init);
  return {
    status: response.status,
    text: await response.text(),
    origin: response.headers.get('access-control-allow-origin'),
  };
}

export async function form() {
  const body = new FormData();
  body.set('name', 'Ada');
  body.set('file', new File(['hi'], 'a.txt'));
  return (await app.request('/api/form', { method: 'POST', body })).text();
}
