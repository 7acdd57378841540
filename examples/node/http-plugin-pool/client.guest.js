// The client runs in a sandbox, too: it may fetch from the server, and from nowhere else.

const requestsOf = (round) => [
  { plugin: 'work', fn: 'wait', args: [(round * 37) % 60, `round ${round}`] },
  { plugin: 'work', fn: 'primes', args: [1_000 * (round + 1)] },
  { plugin: 'work', fn: 'digest', args: [`text ${round}`], key: 'digests' },
  ...(round % 5 === 0 ? [{ plugin: 'work', fn: 'fail', args: ['on purpose'] }] : []),
];

async function* linesOf(response) {
  let rest = '';
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    yield* lines;
  }
}

/** Calls `/invoke` so many times at once and prints the answers in the order of their completion. */
exports.run = async (origin, rounds) => {
  let answers = 0;
  let failures = 0;
  const ask = async (round) => {
    const body = JSON.stringify({ requests: requestsOf(round) });
    const response = await fetch(`${origin}/invoke`, { method: 'POST', body });
    for await (const line of linesOf(response)) {
      const { index, ok, value, error } = JSON.parse(line);
      answers++;
      if (!ok) failures++;
      console.log(`#${round}.${index} ${ok ? value : `${error.code}: ${error.message}`}`);
    }
  };
  await Promise.all(Array.from({ length: rounds }, (_, round) => ask(round)));
  return { answers, failures };
};
