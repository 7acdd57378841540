import { all, create } from 'mathjs';

const math = create(all);

export function evaluated() {
  return [
    math.format(math.evaluate('sqrt(3^2 + 4^2) * 2 cm to mm')),
    math.format(
      math.inv(
        math.matrix([
          [1, 2],
          [3, 4],
        ]),
      ),
      4,
    ),
    math.simplify('2x + 3x').toString(),
    math.derivative('x^3 + sin(x)', 'x').toString(),
    math.format(math.bignumber(1).div(3), { notation: 'fixed', precision: 20 }),
    math.format(math.complex(2, 3).mul(math.complex(1, -1))),
  ];
}
