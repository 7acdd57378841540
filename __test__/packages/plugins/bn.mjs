import BN from 'bn.js';

export function reckoned() {
  const a = new BN('dead', 16).pow(new BN(9));
  return {
    product: a.toString(),
    bytes: a.toArrayLike(Buffer, 'be').toString('hex').slice(0, 8),
    inverse: new BN(3).invm(new BN(11)).toNumber(),
    red: new BN(5).toRed(BN.red('k256')).redPow(new BN(100)).fromRed().toString(16),
  };
}
