import protobuf from 'protobufjs';

const { root } = protobuf.parse(
  'syntax = "proto3"; message User { string name = 1; repeated int64 ids = 2; map<string, bytes> files = 3; }',
);
const User = root.lookupType('User');

export function there() {
  const message = User.create({ name: 'Ada', ids: [1, -2], files: { a: Buffer.from('xy') } });
  const bytes = User.encode(message).finish();
  const back = User.toObject(User.decode(bytes), { longs: String, bytes: String });
  return { hex: Buffer.from(bytes).toString('hex'), back, isBuffer: Buffer.isBuffer(bytes) };
}
