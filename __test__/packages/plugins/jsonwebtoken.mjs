import jwt from 'jsonwebtoken';

export function signed(payload) {
  return jwt.sign({ iat: 1000, ...payload }, 'secret', { algorithm: 'HS256', issuer: 'me' });
}

export function verified(token) {
  try {
    return jwt.verify(token, 'secret', { clockTimestamp: 1001 });
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
}
