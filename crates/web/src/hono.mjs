import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { HTTPException } from 'hono/http-exception';
import { etag } from 'hono/etag';

const app = new Hono();
app.use('/api/*', cors());
app.use('/tagged', etag());
app.get('/api/users/:id', (c) => c.json({ id: c.req.param('id'), q: c.req.query('q') }));
app.post('/form', async (c) => c.text(String((await c.req.parseBody()).name)));
app.get('/tagged', (c) => c.text('tagged'));
app.get('/no', () => {
  throw new HTTPException(403, { message: 'not you' });
});

export async function request(path, init) {
  const response = await app.request(path, init);
  const { status, headers } = response;
  return {
    status,
    text: await response.text(),
    type: headers.get('content-type'),
    origin: headers.get('access-control-allow-origin'),
    tagged: headers.has('etag'),
  };
}

export async function form() {
  const body = new FormData();
  body.set('name', 'Ada');
  return (await app.request('/form', { method: 'POST', body })).text();
}
